// Reading of golden fixtures: a folder of groups, each with an index, a JSON sidecar per case and, where the case has
// tensors, a safetensors file of f32 and i32 (../shared/golden/README.md). Nothing here knows what a case means.

import { pathToFileURL } from "node:url";

export interface FixtureTensor {
  readonly shape: readonly number[];
  readonly dtype: "f32" | "i32";
  readonly data: Float32Array | Int32Array;
}

export interface Tolerance {
  readonly atol: number;
  readonly rtol: number;
  /** Marks a gradient that is mathematically zero. */
  readonly zero?: boolean;
}

// deno-lint-ignore no-explicit-any
type Json = any;

export interface Fixture {
  /** The group's folder, for cases with files of their own; it ends in a slash. */
  readonly folder: URL;
  readonly group: string;
  readonly name: string;
  readonly op: string;
  readonly attrs: Record<string, Json>;
  /** The whole sidecar, for case-specific keys. */
  readonly sidecar: Record<string, Json>;
  readonly inputs: readonly string[];
  readonly params: readonly string[];
  readonly buffers: readonly string[];
  readonly outputs: readonly string[];
  readonly tensors: ReadonlyMap<string, FixtureTensor>;
}

/** The tensor of a fixture by its full key; throws RangeError when the file lacks it. */
export function tensorOf(fixture: Fixture, key: string): FixtureTensor {
  const tensor = fixture.tensors.get(key);
  if (tensor === undefined) throw new RangeError(`Case ${fixture.name} has no tensor "${key}"`);
  return tensor;
}

/** The tolerance of a tensor or list of numbers, if the sidecar gives one. */
export function toleranceOf(fixture: Fixture, key: string): Tolerance | undefined {
  const found = fixture.sidecar.tolerance?.[key];
  return found?.atol === undefined ? undefined : found;
}

/** Names of the cases of a group in a folder; throws RangeError when there is no readable index. */
export async function caseNames(dir: string, group: string): Promise<string[]> {
  const index = await readJson(`${dir}/${group}/index.json`);
  if (!Array.isArray(index.cases)) throw new SyntaxError(`${dir}/${group}/index.json names no cases`);
  return index.cases;
}

/** Groups of a folder, sorted: its sub-folders with an index. Throws when the folder cannot be read. */
export async function groupNames(dir: string): Promise<string[]> {
  const groups: string[] = [];
  for await (const entry of Deno.readDir(dir)) {
    const index = entry.isFile ? null : await Deno.stat(`${dir}/${entry.name}/index.json`).catch(() => null);
    if (index?.isFile) groups.push(entry.name);
  }
  return groups.sort();
}

/** Reads one case with all its tensors. */
export async function openFixture(dir: string, group: string, name: string): Promise<Fixture> {
  const sidecar = await readJson(`${dir}/${group}/${name}.json`);
  if (sidecar.format !== "golden/1") {
    throw new SyntaxError(`${dir}/${group}/${name}.json has the format ${sidecar.format}, wanted golden/1`);
  }
  return {
    folder: pathToFileURL(`${dir}/${group}/`),
    group,
    name,
    op: sidecar.op,
    attrs: sidecar.attrs ?? {},
    sidecar,
    inputs: sidecar.inputs ?? [],
    params: sidecar.params ?? [],
    buffers: sidecar.buffers ?? [],
    outputs: sidecar.outputs ?? [],
    tensors: sidecar.file ? await readTensors(`${dir}/${group}/${sidecar.file}`) : new Map(),
  };
}

async function readJson(path: string): Promise<Json> {
  const text = await Deno.readTextFile(path);
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new SyntaxError(`${path} is no JSON: ${(error as Error).message}`);
  }
}

async function readTensors(path: string): Promise<Map<string, FixtureTensor>> {
  const bytes = await Deno.readFile(path);
  const start = 8 + Number(new DataView(bytes.buffer).getBigUint64(0, true));
  const header: Record<string, { dtype: string; shape: number[]; data_offsets: [number, number] }> = JSON
    .parse(
      new TextDecoder().decode(bytes.subarray(8, start)),
    );
  const tensors = new Map<string, FixtureTensor>();
  for (const [key, { dtype, shape, data_offsets: [from, to] }] of Object.entries(header)) {
    if (key === "__metadata__") continue;
    if (dtype !== "F32" && dtype !== "I32") throw new SyntaxError(`${path} holds "${key}" as ${dtype}`);
    const part = bytes.slice(start + from, start + to).buffer;
    tensors.set(
      key,
      dtype === "F32"
        ? { shape, dtype: "f32", data: new Float32Array(part) }
        : { shape, dtype: "i32", data: new Int32Array(part) },
    );
  }
  return tensors;
}
