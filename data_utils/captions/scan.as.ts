// deno-lint-ignore-file
// @ts-nocheck AssemblyScript, which `deno task wasm` compiles to scan_wasm.ts.
// Byte scanning of caption files: where records and fields begin and end. What all formats share is in
// scan_state.as.ts; tables, JSON and lines have a file each.
import {
  countTooLong,
  endsInQuotes,
  indexOfByte,
  setup,
  spanCount,
  startBatch,
  startTally,
  tallyEmpties,
  tallyInvalid,
  tallyMalformed,
  tallyNulls,
  tallyRows,
  tallySpans,
  tallyTooLong,
} from "./scan_state.as.ts";
import { passesQuotes, passRecord, scanTable, setTable } from "./scan_table.as.ts";
import { setKey } from "./scan_json.as.ts";
import { scanLines, setLines } from "./scan_lines.as.ts";

export {
  countTooLong,
  endsInQuotes,
  indexOfByte,
  passesQuotes,
  passRecord,
  scanLines,
  scanTable,
  setKey,
  setLines,
  setTable,
  setup,
  spanCount,
  startBatch,
  startTally,
  tallyEmpties,
  tallyInvalid,
  tallyMalformed,
  tallyNulls,
  tallyRows,
  tallySpans,
  tallyTooLong,
};
