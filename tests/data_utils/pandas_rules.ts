// The states of pandas' C tokenizer (pandas/_libs/src/parser/tokenizer.c, tokenize_bytes) once more, character by
// character and slowly, for the tests to compare with: sep, QUOTE_MINIMAL or QUOTE_NONE, skip_blank_lines.

/** pandas' default names of NaN. */
export const missingNames = [
  ...["", "#N/A", "#N/A N/A", "#NA", "-1.#IND", "-1.#QNAN", "-NaN", "-nan", "1.#IND", "1.#QNAN", "<NA>"],
  ...["N/A", "NA", "NULL", "NaN", "None", "n/a", "nan", "null"],
];

type State =
  | ("start of record" | "start of field" | "in field" | "in quotes" | "quote in quotes")
  | ("eat line feed" | "eat line feed of nothing" | "blank line");

/** The records of a table, each a list of fields; null when a quote is never closed. */
export function pandasRecords(text: string, separator: string, quotes: boolean): string[][] | null {
  const records: string[][] = [];
  let state = "start of record" as State, fields: string[] = [], field = "";
  const endField = () => {
    fields.push(field);
    field = "";
  };
  const endLine = () => {
    records.push(fields);
    fields = [];
    state = "start of record";
  };
  const isQuote = (c: string) => quotes && c === '"';
  const isBlank = (c: string) => (c === " " || c === "\t") && c !== separator;
  /** What all states of an open field do at its end; false if `c` is no end. */
  const ends = (c: string): boolean => {
    if (c === "\n") {
      endField();
      endLine();
    } else if (c === "\r") {
      endField();
      state = "eat line feed";
    } else if (c === separator) {
      endField();
      state = "start of field";
    } else return false;
    return true;
  };
  let lineStart = 0;
  for (let i = 0; i < text.length; i++) {
    const c = text[i];
    if (state === "eat line feed") {
      endLine();
      if (c === "\n") continue;
    } else if (state === "eat line feed of nothing") {
      state = "start of record";
      if (c === "\n") continue;
    }
    if (state === "blank line") {
      if (c === "\n") state = "start of record";
      else if (c === "\r") state = "eat line feed of nothing";
      else if (!isBlank(c)) {
        i = lineStart - 1; // back to the line's first character, now as a field
        state = "start of field";
      }
      continue;
    }
    if (state === "start of record") {
      lineStart = i;
      if (c === "\n") continue;
      if (c === "\r") {
        state = "eat line feed of nothing";
        continue;
      }
      if (isBlank(c)) {
        state = "blank line";
        continue;
      }
      state = "start of field";
    }
    if (state === "in quotes") {
      if (isQuote(c)) state = "quote in quotes";
      else field += c;
    } else if (state === "quote in quotes" && isQuote(c)) {
      field += c;
      state = "in quotes";
    } else if (!ends(c)) {
      if (state === "start of field" && isQuote(c)) state = "in quotes";
      else {
        field += c;
        state = "in field";
      }
    }
  }
  if (state === "in quotes") return null;
  if (["in field", "start of field", "quote in quotes"].includes(state)) endField();
  if (!["start of record", "blank line", "eat line feed of nothing"].includes(state)) endLine();
  return records;
}
