/** Cells of a row that is a JSON object. */
import type { Cell, TableRow } from "../row.ts";

/** At a value's place, digits that may be more than a double holds. */
const manyDigits = /[:[,]\s*-?\d{16}/;

/** Keeps the digits of a whole number that JSON.parse would round. */
function keepDigits(_key: string, value: unknown, context?: { source?: string }): unknown {
  const whole = typeof value === "number" && !Number.isSafeInteger(value) && context?.source;
  return whole && /^-?\d+$/.test(whole) ? whole : value;
}

/** A row out of the text of an object; a malformed one where it is none. */
export function jsonRow(text: string, row: number): TableRow {
  let value: Cell;
  try {
    value = manyDigits.test(text) ? JSON.parse(text, keepDigits) : JSON.parse(text);
  } catch {
    return { row, cells: {}, fault: "no JSON" };
  }
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    return { row, cells: {}, fault: "no JSON object" };
  }
  return { row, cells: value as Record<string, Cell> };
}
