/** Fields of a table's rows, as pandas splits them; and what the first rows tell of a table. */

/** The fields of a row. Quoted fields lose their quotes; text behind a closing quote stays. */
export function fieldsOf(text: string, separator: string, quotes: boolean): string[] {
  if (!quotes || !text.includes('"')) return text.split(separator);
  const fields: string[] = [];
  for (let at = 0;;) {
    let field = "";
    if (text[at] === '"') {
      for (let open = true; open;) {
        const close = text.indexOf('"', at + 1);
        open = close >= 0 && text[close + 1] === '"';
        field += text.slice(at + 1, close < 0 ? undefined : close) + (open ? '"' : "");
        at = close < 0 ? text.length : close + (open ? 1 : 0);
      }
      at = Math.min(at + 1, text.length);
    }
    const end = text.indexOf(separator, at);
    fields.push(field + text.slice(at, end < 0 ? undefined : end));
    if (end < 0) return fields;
    at = end + separator.length;
  }
}

/** So many rows with quotes as in CSV outweigh one with a quote that no writer of CSV leaves. */
const meantPerOdd = 10;

/** Whether a table's quotes are those of CSV, by its first rows; `null` stands for one with an odd quote. */
export function usesQuotes(rows: readonly (string | null)[], separator: string): boolean {
  const field = `(?:"[^"]*(?:""[^"]*)*"|[^"${separator}]*)`;
  const tidy = new RegExp(`^${field}(?:${separator}${field})*$`);
  let meant = 0, odd = 0;
  for (const row of rows) {
    if (row === null || (row.includes('"') && !tidy.test(row))) odd++;
    else if (row.includes('"')) meant++;
  }
  return odd * meantPerOdd <= meant;
}

const isUrl = (field: string) => /^\s*https?:\/\//i.test(field);
/** Short, not a number, all different; only the first may be empty, where pandas wrote its index. */
const looksLikeNames = (fields: readonly string[]) =>
  new Set(fields).size === fields.length &&
  fields.every((field, i) =>
    field.length <= 64 && (field.trim() === "" ? i === 0 && fields.length > 1 : isNaN(+field))
  );

/** Whether a table's first row names its columns: no field of it is a URL, and all could be names. */
export const isHeader = (fields: readonly string[]): boolean => !fields.some(isUrl) && looksLikeNames(fields);

/** Names as pandas makes them unlike each other: `Unnamed: 2` for an empty one, `url.1` for a second `url`. */
export function distinctNames(names: readonly string[]): string[] {
  const taken = new Set<string>();
  return names.map((name, i) => {
    const base = name.trim() === "" ? `Unnamed: ${i}` : name;
    let unlike = base;
    for (let n = 1; taken.has(unlike); n++) unlike = `${base}.${n}`;
    taken.add(unlike);
    return unlike;
  });
}

/** The number of fields that most rows have; of two, the one that came first. */
export function usualCount(counts: readonly number[]): number {
  const often = new Map<number, number>();
  for (const count of counts) often.set(count, (often.get(count) ?? 0) + 1);
  return [...often].reduce((most, next) => next[1] > most[1] ? next : most, [0, 0])[0];
}
