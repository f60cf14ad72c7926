// The cases of i_heads: the published classifier heads, which are files of torch.save, to the last bit. They are looked
// for in `data/clip-beyond-tail/metadata/heads` beside the golden folder.

import { openTorchFile } from "../../data_utils/pickle/mod.ts";
import { Unsupported } from "./case_graph.ts";
import { type Check, closeness, exactness } from "./compare.ts";
import { type Fixture, toleranceOf } from "./fixture.ts";

/** What the sidecar says of one file. */
interface HeadFacts {
  readonly shape: readonly number[];
  readonly dtype: string;
  readonly bytes: number;
  readonly file_sha256: string;
  readonly requires_grad: boolean;
  readonly is_parameter: boolean;
  readonly stride: readonly number[];
  readonly first8: readonly number[];
  readonly last8: readonly number[];
  readonly at: Readonly<Record<string, number>>;
  readonly sum: number;
  readonly abs_sum: number;
  readonly sum_squares: number;
  readonly row_norm_min_max: readonly [number, number];
  readonly payload_sha256_le_rowmajor: string;
}

async function sha256(bytes: Uint8Array): Promise<string> {
  return new Uint8Array(await crypto.subtle.digest("SHA-256", bytes.slice())).toHex();
}

function rowNorms(values: Float64Array, width: number): [number, number] {
  let least = Infinity, most = 0;
  for (let from = 0; from < values.length; from += width) {
    const norm = Math.sqrt(values.subarray(from, from + width).reduce((sum, v) => sum + v * v, 0));
    [least, most] = [Math.min(least, norm), Math.max(most, norm)];
  }
  return [least, most];
}

async function checkHead(fixture: Fixture, name: string, facts: HeadFacts, path: string): Promise<Check[]> {
  const exact = toleranceOf(fixture, "values"), near = toleranceOf(fixture, "sums");
  using file = await openTorchFile(path);
  const tensor = file.tensors.get("tensor");
  if (tensor === undefined) return [{ what: `${name} is one tensor`, factor: Infinity }];
  const { data } = file.read("tensor"), values = Float64Array.from(data as ArrayLike<number>);
  const bytes = await Deno.readFile(path);
  const digests = [
    await sha256(bytes),
    await sha256(new Uint8Array(data.buffer, data.byteOffset, data.byteLength)),
  ];
  const found = [`torch.${tensor.dtype}`, tensor.requiresGrad, tensor.isParameter, bytes.length, ...digests];
  const wanted = [
    ...[facts.dtype, facts.requires_grad, facts.is_parameter, facts.bytes],
    ...[facts.file_sha256, facts.payload_sha256_le_rowmajor],
  ];
  const places = Object.keys(facts.at).map(Number);
  const sums = [
    values.reduce((sum, v) => sum + v, 0),
    values.reduce((sum, v) => sum + Math.abs(v), 0),
    values.reduce((sum, v) => sum + v * v, 0),
  ];
  return [
    exactness(`${name} shape`, tensor.shape, facts.shape),
    exactness(`${name} stride`, tensor.stride, facts.stride),
    ...found.map((got, i) => ({
      what: `${name}: ${got} for ${wanted[i]}`,
      factor: got === wanted[i] ? 0 : Infinity,
    })),
    closeness(`${name} first8`, values.subarray(0, 8), facts.first8, exact),
    closeness(`${name} last8`, values.subarray(-8), facts.last8, exact),
    closeness(
      `${name} at`,
      places.map((place) => values[place]),
      places.map((place) => facts.at[place]),
      exact,
    ),
    closeness(`${name} sums`, sums, [facts.sum, facts.abs_sum, facts.sum_squares], near),
    closeness(`${name} norms`, rowNorms(values, tensor.shape[1]), facts.row_norm_min_max, near),
  ];
}

async function heads(fixture: Fixture): Promise<Check[]> {
  const folder = new URL("../../data/clip-beyond-tail/metadata/heads/", fixture.folder), checks: Check[] = [];
  for (const [name, facts] of Object.entries<HeadFacts>(fixture.sidecar.files)) {
    const path = decodeURIComponent(new URL(encodeURIComponent(name), folder).pathname);
    if (!(await Deno.stat(path).catch(() => null))?.isFile) throw new Unsupported(`${path} is absent`);
    checks.push(...await checkHead(fixture, name, facts, path));
  }
  return checks;
}

/** Checks by the sidecar's `op`. */
export const headCases: Readonly<Record<string, (fixture: Fixture) => Promise<Check[]>>> = {
  pt_heads: heads,
};
