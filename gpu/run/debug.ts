// Finds where a step first gives a NaN or an infinity: replays the program's dispatches one by one over the slab sides
// as they are (nothing is swapped, so the store stays as it was) and looks at every result by its bits.

import { vec4sOf } from "../base/mod.ts";
import { readStorages } from "../device/mod.ts";
