// @ts-check
// The script of every page of the view: each part looks for what it serves, and does nothing where that is not there.
import { goOnWithCurves } from "./live.js";
import { nameDots, nameFields } from "./readout.js";
import { refreshList } from "./list.js";

goOnWithCurves();
nameDots();
nameFields();
refreshList();
