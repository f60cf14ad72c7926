/** Looks a folder of metadata over: counts, order, and which of its files are the published ones. */
import { createHash } from "node:crypto";
import { readClassMetadata } from "./class_metadata.ts";
import { imagenet100File, readLabelList } from "./class_metadata.ts";
import { conceptSets, readSetNames } from "./concept_sets.ts";
import { type ListedTable, listFrequencyTables } from "./frequency_folder.ts";
import { byCount } from "./frequency_table.ts";
import { localPath, publishedFiles, ZERO_SHOT_FILE } from "./published_files.ts";
import { parseZeroShotLists } from "./zero_shot_file.ts";

/** One thing looked at. A missing file is a fault where `optional` is absent. */
export interface Finding {
  readonly what: string;
  /** What is there, in words; the fault where there is one. */
  readonly found: string;
  readonly state: "good" | "absent" | "bad";
}

/** Looks at one thing; what it throws is its fault. */
async function look(what: string, optional: boolean, find: () => Promise<string>): Promise<Finding> {
  try {
    return { what, found: await find(), state: "good" };
  } catch (error) {
    if (optional && error instanceof Deno.errors.NotFound) {
      return { what, found: "not there", state: "absent" };
    }
    if (error instanceof Deno.errors.NotFound) return { what, found: "not there", state: "bad" };
    if (!(error instanceof SyntaxError || error instanceof RangeError)) throw error;
    return { what, found: error.message, state: "bad" };
  }
}

/** Throws RangeError when `got` things are not `wanted`. */
function mustBe(got: number, wanted: number, things: string): void {
  if (got !== wanted) throw new RangeError(`${got} ${things} where ${wanted} belong`);
}

const PHRASES = 1971;
const TEMPLATE_COUNTS: readonly (readonly [string, number])[] = [
  ["OPENAI_IMAGENET_TEMPLATES", 80],
  ["SIMPLE_IMAGENET_TEMPLATES", 7],
  ["CNAME_TEMPLATES", 1],
  ["A_CNAME_TEMPLATES", 1],
  ["PHOTO_TEMPLATES", 1],
];

/** The class names that a table's rows must have, in class order; null where the folder does not tell. */
async function namesOf(folder: string, set: string): Promise<string[]> {
  if (set !== "imagenet100") return await readSetNames(folder, set);
  const names = await readSetNames(folder, "imagenet");
  return (await readLabelList(imagenet100File(folder), names.length)).map((label) => names[label]);
}

/** What is wrong with a table's rows, or null. */
function tableFault({ rows, order }: ListedTable, names: readonly string[]): string | null {
  if (rows.length !== names.length) return `has ${rows.length} rows for ${names.length} classes`;
  const counts = new Map(rows.map(({ name, count }) => [name, count]));
  const inOrder = names.map((name) => ({ name, count: counts.get(name) ?? 0 }));
  const wanted = order === "class" ? names : byCount(inOrder).map(({ name }) => name);
  const odd = rows.findIndex(({ name }, i) => name !== wanted[i]);
  return odd < 0
    ? null
    : `line ${odd + 1} is ${JSON.stringify(rows[odd].name)}, not ${JSON.stringify(wanted[odd])}`;
}

async function lookAtTables(folder: string): Promise<string> {
  const tables = await listFrequencyTables(folder), known = new Map<string, string[]>();
  for (const table of tables) {
    if (!known.has(table.set)) known.set(table.set, await namesOf(folder, table.set));
    const fault = tableFault(table, known.get(table.set)!);
    if (fault) throw new SyntaxError(`${table.path} ${fault} (order of ${table.set} by ${table.order})`);
  }
  const inClassOrder = tables.filter(({ order }) => order === "class").length;
  return `${tables.length} tables of ${known.size} sets, ${inClassOrder} in class order`;
}

async function lookAtPublished(folder: string): Promise<Finding> {
  const differing: string[] = [];
  let same = 0, absent = 0;
  for (const { path, bytes, sha256 } of publishedFiles) {
    const content = await Deno.readFile(localPath(folder, path)).catch(() => null);
    if (content === null) absent++;
    else if (content.length === bytes && createHash("sha256").update(content).digest("hex") === sha256) {
      same++;
    } else differing.push(localPath(folder, path));
  }
  const others = differing.length === 0
    ? ""
    : `, ${differing.length} of other content (first: ${differing[0]})`;
  return {
    what: "published files",
    found: `${same} of ${publishedFiles.length} as published, ${absent} not there${others}`,
    state: "good",
  };
}

/**
 * Looks at the class names of the ten sets, ids and phrases, ImageNet-100, templates, frequency tables and heads of a
 * folder. Faults are findings; only a folder that is not there or cannot be read throws.
 */
export async function checkMetadata(folder: string): Promise<Finding[]> {
  if (!(await Deno.stat(folder)).isDirectory) {
    throw new RangeError(`${folder} is a file; a folder is wanted here`);
  }
  const findings: Finding[] = [];
  for (const [set, classes] of Object.entries(conceptSets)) {
    findings.push(
      await look(`descriptors ${set}`, false, async () => {
        mustBe((await readSetNames(folder, set)).length, classes, "classes");
        return `${classes} classes`;
      }),
    );
  }
  findings.push(
    await look("imagenet synsets", false, async () => {
      const { wnids, synsets } = await readClassMetadata(folder);
      mustBe(wnids.length, conceptSets.imagenet, "ids");
      const phrases = synsets.reduce((sum, all) => sum + all.length, 0);
      mustBe(phrases, PHRASES, "phrases");
      return `${wnids.length} ids in order, ${phrases} phrases`;
    }),
  );
  findings.push(
    await look("imagenet100", false, async () => {
      mustBe((await readLabelList(imagenet100File(folder), conceptSets.imagenet)).length, 100, "labels");
      return "100 labels in order";
    }),
  );
  findings.push(
    await look("templates and names", true, async () => {
      const path = localPath(folder, ZERO_SHOT_FILE);
      const { templates, classNames } = parseZeroShotLists(await Deno.readTextFile(path), path);
      for (const [name, count] of TEMPLATE_COUNTS) {
        mustBe(templates[name]?.length ?? 0, count, `templates ${name}`);
      }
      mustBe(classNames.length, conceptSets.imagenet, "class names");
      return `${
        TEMPLATE_COUNTS.map(([, count]) => count).join(" + ")
      } templates, ${classNames.length} class names`;
    }),
  );
  findings.push(await look("frequency tables", false, () => lookAtTables(folder)));
  findings.push(
    await look("heads", true, async () => {
      const names = (await Array.fromAsync(Deno.readDir(`${folder}/heads`))).map(({ name }) => name)
        .filter((name) => /\.(pt|safetensors)$/.test(name)).sort();
      return `${names.length}: ${names.join(", ") || "none"}`;
    }),
  );
  return [...findings, await lookAtPublished(folder)];
}
