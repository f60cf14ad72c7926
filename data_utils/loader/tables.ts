/**
 * Samples listed in a table (TSV or CSV with columns filepath, label, caption) or lying in a folder per class.
 * Tables are read as a stream; images stay on disk until they are asked for.
 */
import { dirname, isAbsolute, join } from "node:path";
import { imageExtensions, labelReader, type Sample } from "./sample.ts";
import { type SampleOptions } from "./shards.ts";
import { imagePlaces } from "./tar_places.ts";

/** Fields of one line; a quoted field may hold separators and doubled quotes. Null while a quote is still open. */
function splitLine(line: string, separator: string): string[] | null {
  if (!line.includes('"')) return line.split(separator);
  const fields: string[] = [];
  for (let at = 0; at <= line.length;) {
    if (line[at] !== '"') {
      const end = line.indexOf(separator, at), stop = end < 0 ? line.length : end;
      fields.push(line.slice(at, stop));
      at = stop + 1;
      continue;
    }
    let field = "", end = line.indexOf('"', at + 1);
    for (; end >= 0 && line[end + 1] === '"'; end = line.indexOf('"', at + 1)) {
      field += line.slice(at + 1, end + 1);
      at = end + 1;
    }
    if (end < 0) return null;
    const stop = line.indexOf(separator, end + 1), rest = stop < 0 ? line.length : stop;
    fields.push(field + line.slice(at + 1, end) + line.slice(end + 1, rest));
    at = rest + 1;
  }
  return fields;
}

const maxRecordLines = 100;

/** Rows of a table with their line numbers (from 1). Throws SyntaxError for a quote that is never closed. */
export async function* tableRows(
  path: string,
  separator: string,
): AsyncGenerator<{ line: number; fields: string[] }> {
  const file = await Deno.open(path);
  let rest = "", open = "", line = 0, opened = 0;
  const row = (text: string) => {
    line++;
    const whole = open ? `${open}\n${text}` : text, fields = splitLine(whole.replace(/\r$/, ""), separator);
    if (!open) opened = line;
    if (!fields && line - opened >= maxRecordLines) {
      throw new SyntaxError(`${path} line ${opened}: a quoted field is not closed`);
    }
    open = fields ? "" : whole;
    return fields && whole.trim() ? [{ line: opened, fields }] : [];
  };
  for await (const chunk of file.readable.pipeThrough(new TextDecoderStream())) {
    const lines = (rest + chunk).split("\n");
    rest = lines.pop()!;
    for (const text of lines) yield* row(text);
  }
  if (rest) yield* row(rest);
  if (open) throw new SyntaxError(`${path} line ${opened}: a quoted field is not closed`);
}

/**
 * Samples of a table whose header names a column `filepath`, and `label` (number or class name) or `caption` or both
 * (or what `columns` says instead).
 * Paths are relative to the table's folder, and may lead into an archive ("shard.tar/key.png"). `.csv` means commas,
 * everything else tabs; quoting as in CSV.
 * Throws SyntaxError for a header without these columns; single bad rows are counted and left out.
 */
export async function* tableSamples(path: string, options: SampleOptions): AsyncGenerator<Sample> {
  const { classNames = [], skips, signal, columns = {} } = options, toLabel = labelReader(classNames);
  const placeOf = imagePlaces();
  const { file: fileColumn = "filepath", label: labelColumn = "label", caption: captionColumn = "caption" } =
    columns;
  const rows = tableRows(path, path.endsWith(".csv") ? "," : "\t");
  const header =
    (await rows.next()).value?.fields.map((name: string) => name.trim().replace(/^\ufeff/, "")) ?? [];
  const at = {
    file: header.indexOf(fileColumn),
    label: header.indexOf(labelColumn),
    caption: header.indexOf(captionColumn),
  };
  const wanted = at.file >= 0 && (at.label >= 0 || at.caption >= 0);
  if (!wanted) {
    throw new SyntaxError(
      `${path} line 1: need columns ${fileColumn} and ${labelColumn} or ${captionColumn}, got ${
        header.join(", ") || "none"
      }`,
    );
  }
  if (classNames.length > 0 && at.label < 0) {
    throw new SyntaxError(`${path} line 1: need a column ${labelColumn}`);
  }
  for await (const { line, fields } of rows) {
    signal?.throwIfAborted();
    const key = `line ${line}`, which = { file: path, number: line };
    if (fields.length !== header.length) {
      skips.add("malformed row", key, which);
      continue;
    }
    const label = at.label < 0 ? -1 : toLabel(fields[at.label]), listed = fields[at.file].trim();
    if (label === null) {
      skips.add("label outside the classes", key, which);
      continue;
    }
    const file = isAbsolute(listed) ? listed : join(dirname(path), listed);
    const caption = at.caption < 0 ? null : fields[at.caption].trim(), image = await placeOf(file);
    if (image === null) skips.add("missing file", listed, which);
    else yield { key: listed, label, caption, image };
  }
}

/** Names of a folder's entries in order of their code points. */
async function sortedEntries(path: string): Promise<Deno.DirEntry[]> {
  return (await Array.fromAsync(Deno.readDir(path))).sort((a, b) => a.name < b.name ? -1 : 1);
}

/** The class names an image folder has: its subfolders in order. */
export async function folderClasses(path: string): Promise<string[]> {
  return (await sortedEntries(path)).filter((entry) => entry.isDirectory).map((entry) => entry.name);
}

/**
 * Samples of a folder with one subfolder of images per class; the label is the class's place in `classNames` (by
 * default the subfolders in order). Images of other subfolders are counted and left out.
 */
export async function* folderSamples(path: string, options: SampleOptions): AsyncGenerator<Sample> {
  const names = options.classNames?.length ? options.classNames : await folderClasses(path);
  const labels = new Map(names.map((name, label) => [name, label]));
  for (const folder of await folderClasses(path)) {
    for (const entry of await sortedEntries(join(path, folder))) {
      options.signal?.throwIfAborted();
      const key = `${folder}/${entry.name}`,
        file = join(path, folder, entry.name),
        label = labels.get(folder);
      if (!imageExtensions.has(entry.name.split(".").at(-1)!.toLowerCase())) continue;
      if (label === undefined) options.skips.add("label outside the classes", key);
      else yield { key, label, caption: null, image: { file } };
    }
  }
}
