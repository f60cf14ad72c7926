/** Tables for the eye: columns as wide as their widest cell, numbers to the right; and the same as CSV. */

/** Lines of a table; the first column stands left, the others right. */
export function textTable(rows: readonly (readonly string[])[]): string {
  const widths = rows.reduce<number[]>(
    (widest, row) => row.map((cell, c) => Math.max(widest[c] ?? 0, cell.length)),
    [],
  );
  return rows.map((row) =>
    row.map((cell, c) => c === 0 ? cell.padEnd(widths[c]) : cell.padStart(widths[c])).join("  ").trimEnd()
  ).join("\n");
}

/** Rows as CSV (RFC 4180, with line feeds): cells with a comma, quote or line end are quoted. */
export function csvTable(rows: readonly (readonly string[])[]): string {
  const cell = (text: string) => /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
  return rows.map((row) => row.map(cell).join(",") + "\n").join("");
}

/** A whole number with commas between thousands. */
export function grouped(value: number): string {
  return value.toLocaleString("en-US", { maximumFractionDigits: 1 });
}

/** Names of tables, as short as tells them apart: base names without what all of them begin and end with. */
export function shortNames(paths: readonly string[]): string[] {
  const bases = paths.map((path) => path.slice(path.lastIndexOf("/") + 1));
  const parts = bases.map((base) =>
    base.replace(/^(class|word)_frequency_/, "").replace(/\.(txt|tsv)$/, "").split("_")
  );
  if (new Set(parts.map((part) => part.join("_"))).size < parts.length) return [...paths];
  const sameEnd = () => parts.every((part) => part.length > 1 && part.at(-1) === parts[0].at(-1));
  while (parts.length > 1 && sameEnd()) for (const part of parts) part.pop();
  return parts.map((part) => part.join("_"));
}
