/** What `pack` packs, row by row: a folder of images per class, a table, or a list of images. */
import { dirname, isAbsolute, join } from "node:path";
import { readClassNames } from "../../loader/classes.ts";
import { imageExtensions, labelReader } from "../../loader/sample.ts";
import { type Column, type Frame, NO_TEXT, readFrame, textAt } from "../../tables/mod.ts";
import type { PackRow } from "./pack_unit.ts";

/** Rows in the order of their keys. */
export interface PackSource {
  readonly rows: number;
  row(place: number): PackRow;
  /** By label; null where labels are numbers without names. */
  readonly classNames: readonly string[] | null;
  /** What was passed over without being a row. */
  readonly notes: readonly string[];
}

/** How rows are found. */
export interface PackSourceOptions {
  /** One class name a line. */
  readonly classes?: string;
  /** What paths of a table or list are relative to; default its folder. */
  readonly imageRoot?: string;
}

const byCodeUnit = (a: { name: string }, b: { name: string }) =>
  a.name < b.name ? -1 : a.name > b.name ? 1 : 0;
const isImage = (name: string) => imageExtensions.has(name.slice(name.lastIndexOf(".") + 1).toLowerCase());

/** Opens what is to be packed. Throws RangeError or SyntaxError, naming it, when there is nothing or it is malformed. */
export async function openPackSource(path: string, options: PackSourceOptions): Promise<PackSource> {
  const classNames = options.classes === undefined ? null : await readClassNames(options.classes);
  if ((await Deno.stat(path)).isDirectory) {
    if (options.imageRoot !== undefined) {
      throw new RangeError("--image-root goes with a table or list of images");
    }
    return await folderSource(path.replace(/(?<=.)\/+$/, ""), classNames);
  }
  const root = options.imageRoot ?? dirname(path);
  const place = (listed: string) => isAbsolute(listed) ? listed : join(root, listed);
  if (/\.(txt|lst|list)$/i.test(path)) return await listSource(path, place);
  return await tableSource(path, place, classNames);
}

async function folderSource(folder: string, given: readonly string[] | null): Promise<PackSource> {
  const entries = (await Array.fromAsync(Deno.readDir(folder))).sort(byCodeUnit);
  const folders = entries.filter(({ isDirectory }) => isDirectory),
    own = entries.filter(({ name }) => isImage(name));
  if (folders.length > 0 && own.length > 0) {
    throw new RangeError(
      `${folder} holds images (${own[0].name}) beside folders (${
        folders[0].name
      }): pack a folder of classes, or of images`,
    );
  }
  const classNames = folders.length === 0 ? null : given ?? folders.map(({ name }) => name);
  const labels = new Map(classNames?.map((name, label) => [name, label])), rows: PackRow[] = [];
  let others = 0;
  const add = (name: string, within: string | null) => {
    const filepath = within === null ? name : `${within}/${name}`, path = `${folder}/${filepath}`;
    if (!isImage(name)) return void others++;
    if (within === null) return void rows.push({ path, label: null, caption: null, notes: { filepath } });
    const label = labels.get(within);
    rows.push({
      ...{ path, label: label ?? null, caption: null, notes: { filepath, label, class: within } },
      fault: label === undefined ? `class ${within} is none of --classes` : undefined,
    });
  };
  if (folders.length === 0) { for (const { name } of entries) add(name, null); }
  for (const { name: within } of folders) {
    for (const { name } of (await Array.fromAsync(Deno.readDir(`${folder}/${within}`))).sort(byCodeUnit)) {
      add(name, within);
    }
  }
  if (rows.length === 0) {
    throw new RangeError(`${folder} holds no images (.jpg, .jpeg, .png, .webp), and no folder of it does`);
  }
  const notes = others === 0 ? [] : [`${others} files of other kinds than images were passed over`];
  return { rows: rows.length, row: (place) => rows[place], classNames, notes };
}

async function listSource(path: string, place: (listed: string) => string): Promise<PackSource> {
  const lines = (await Deno.readTextFile(path)).replace(/^\ufeff/, "").split(/\r?\n/);
  if (lines.at(-1) === "") lines.pop();
  const empty = lines.findIndex((line) => line.trim() === "");
  if (empty >= 0 || lines.length === 0) {
    throw new SyntaxError(`${path}, line ${empty + 1}: a path to an image is wanted`);
  }
  return {
    rows: lines.length,
    row: (i) => ({ path: place(lines[i]), label: null, caption: null, notes: { filepath: lines[i] } }),
    classNames: null,
    notes: [],
  };
}

/** A column's row as JSON has it; null where it is missing. */
function valueAt(column: Column, row: number): string | number | boolean | null {
  if (column.kind === "text") return textAt(column, row);
  if (column.kind === "boolean") return column.values[row] === 2 ? null : column.values[row] === 1;
  const value = column.values[row];
  if (typeof value === "bigint") return String(value);
  return Number.isFinite(value) ? value : null;
}

/** Refuses a table whose file paths have gaps, before anything is packed. */
function refuseGaps(frame: Frame): void {
  const { lengths } = frame.text("filepath");
  const gap = lengths.findIndex((length) => length === NO_TEXT || length === 0);
  if (gap >= 0) throw new SyntaxError(`${frame.source}, row ${gap} (from 0): filepath is empty`);
}

async function tableSource(
  path: string,
  place: (listed: string) => string,
  classNames: readonly string[] | null,
): Promise<PackSource> {
  const frame = await readFrame(path),
    columns = frame.names.map((name) => [name, frame.column(name)] as const);
  if (frame.rows === 0) throw new SyntaxError(`${path} has no rows`);
  refuseGaps(frame);
  const files = frame.text("filepath"), toLabel = labelReader(classNames ?? []);
  const of = (name: string) => columns.find(([column]) => column === name)?.[1];
  const labels = of("label"), captions = of("caption");
  return {
    rows: frame.rows,
    classNames,
    notes: [],
    row(i) {
      const listed = textAt(files, i)!,
        written = labels && valueAt(labels, i),
        caption = captions && valueAt(captions, i);
      const asText = written === undefined || written === null ? "" : String(written).trim();
      const label = asText === "" ? -1 : toLabel(asText),
        bad = asText !== "" && (label === null || label < 0);
      const notes = Object.fromEntries(columns.map(([name, column]) => [name, valueAt(column, i)]));
      return {
        path: place(listed),
        label: bad || label === null || label < 0 ? null : label,
        caption: caption === undefined || caption === null || caption === "" ? null : String(caption),
        notes: label === null || label < 0 ? notes : { ...notes, label },
        fault: bad ? `label ${asText} is ${classNames ? "none of --classes" : "no whole number"}` : undefined,
      };
    },
  };
}
