// Reading of golden fixtures for the tests of data_utils: sidecar JSON plus safetensors with f32 and i32 tensors.
// Their engine-side runner is a program of its own; here a case is only opened and looked at.

export const goldenRoot = new URL("../../../shared/golden/", import.meta.url);
export const dataRoot = new URL("../../../shared/data/", import.meta.url);

/** Whether a shared folder is there; says once on stderr that tests needing it are skipped when it is not. */
export function present(root: URL): boolean {
  try {
    return Deno.statSync(root).isDirectory;
  } catch {
    console.warn(`skipped: ../shared/${root.pathname.split("/").at(-2)} is absent`);
    return false;
  }
}

export interface GoldenTensor {
  shape: number[];
  data: Float32Array | Int32Array;
}

export interface GoldenCase {
  // deno-lint-ignore no-explicit-any
  attrs: Record<string, any>;
  // deno-lint-ignore no-explicit-any
  sidecar: Record<string, any>;
  tensors: Record<string, GoldenTensor>;
}

/** Opens `<group>/<name>.json` and its tensors. */
export function goldenCase(group: string, name: string): GoldenCase {
  const sidecar = JSON.parse(Deno.readTextFileSync(new URL(`${group}/${name}.json`, goldenRoot)));
  const tensors: Record<string, GoldenTensor> = {};
  if (sidecar.file) {
    const bytes = Deno.readFileSync(new URL(`${group}/${sidecar.file}`, goldenRoot));
    const headerSize = Number(new DataView(bytes.buffer).getBigUint64(0, true));
    const header = JSON.parse(new TextDecoder().decode(bytes.subarray(8, 8 + headerSize)));
    for (
      const [key, entry] of Object.entries<{ dtype: string; shape: number[]; data_offsets: number[] }>(header)
    ) {
      if (key === "__metadata__") continue;
      const part = bytes.slice(
        8 + headerSize + entry.data_offsets[0],
        8 + headerSize + entry.data_offsets[1],
      );
      tensors[key] = {
        shape: entry.shape,
        data: entry.dtype === "F32" ? new Float32Array(part.buffer) : new Int32Array(part.buffer),
      };
    }
  }
  return { attrs: sidecar.attrs, sidecar, tensors };
}

/** Names of the cases of a group. */
export function goldenNames(group: string): string[] {
  return JSON.parse(Deno.readTextFileSync(new URL(`${group}/index.json`, goldenRoot))).cases;
}
