/** What pandas.read_csv makes of columns of text: missing names, and numbers where all fields are numbers. */
import { bytesAt, type Column, NO_TEXT, type TextColumn } from "./column.ts";

/** pandas' default names of NaN. */
const missingNames = new Set([
  ...["", "#N/A", "#N/A N/A", "#NA", "-1.#IND", "-1.#QNAN", "-NaN", "-nan", "1.#IND", "1.#QNAN", "<NA>"],
  ...["N/A", "NA", "NULL", "NaN", "None", "n/a", "nan", "null"],
]);
const longestName = Math.max(...[...missingNames].map((name) => name.length));
const latin = new TextDecoder("latin1");

/** The column with every field that pandas takes for NaN missing. */
export function withMissing(column: TextColumn): TextColumn {
  const lengths = column.lengths.slice();
  for (let row = 0; row < lengths.length; row++) {
    if (lengths[row] > longestName) continue;
    if (lengths[row] === 0 || missingNames.has(latin.decode(bytesAt(column, row)))) lengths[row] = NO_TEXT;
  }
  return { ...column, lengths };
}

const whole = /^ *[+-]?\d+ *$/, float = /^\s*[+-]?(\d+\.?\d*([eE][+-]?\d+)?|\.\d+([eE][+-]?\d+)?)\s*$/;
const infinite = /^ *([+-]?)inf(inity)? *$/i, truth = /^(true|false)$/i;

/**
 * The column as pandas types it: int64 when every field is a whole number that a double holds, float64 when every one is
 * a number or missing, truth values when all are True or False, else text.
 */
export function inferColumn(text: TextColumn): Column {
  const column = withMissing(text), rows = column.lengths.length, values = new Float64Array(rows);
  let whole_ = true, missing = 0, truths = 0;
  for (let row = 0; row < rows; row++) {
    if (column.lengths[row] === NO_TEXT) {
      values[row] = NaN;
      missing++;
      continue;
    }
    if (column.lengths[row] > 400) return column;
    const field = latin.decode(bytesAt(column, row));
    if (truth.test(field)) {
      values[row] = field.toLowerCase() === "true" ? 1 : 0;
      truths++;
    } else if (whole.test(field)) {
      values[row] = Number(field);
      whole_ &&= Number.isSafeInteger(values[row]);
      if (!Number.isSafeInteger(values[row])) return column;
    } else {
      whole_ = false;
      const sign = infinite.exec(field)?.[1];
      if (sign !== undefined) values[row] = sign === "-" ? -Infinity : Infinity;
      else if (float.test(field)) values[row] = Number(field);
      else return column;
    }
    if (truths > 0 && truths + missing <= row) return column;
  }
  if (rows === 0) return column;
  if (truths > 0) return missing > 0 ? column : { kind: "boolean", values: Uint8Array.from(values) };
  return { kind: whole_ && missing === 0 ? "int64" : "float64", values };
}
