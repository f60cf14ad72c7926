/** The sum of partial results whose bodies are sparse counts. */
import type { Partial } from "./count_job.ts";
import { addCounts } from "./sparse_counts.ts";

/** The bytes that a counter wrote into a partial result. */
export async function partialBody({ path, bodyAt, bodyBytes }: Partial): Promise<Uint8Array<ArrayBuffer>> {
  using file = await Deno.open(path);
  await file.seek(bodyAt, Deno.SeekMode.Start);
  const body = new Uint8Array(bodyBytes);
  for (let done = 0; done < body.length;) {
    const got = await file.read(body.subarray(done));
    if (got === null) throw new SyntaxError(`${path} is cut short: remove it and count again`);
    done += got;
  }
  return body;
}

/** Adds up sparse counts of `length` places. Throws SyntaxError naming a partial result that holds something else. */
export async function sumPartials(partials: readonly Partial[], length: number): Promise<Float64Array> {
  const sum = new Float64Array(length);
  for (const partial of partials) {
    const body = await partialBody(partial);
    try {
      addCounts(sum, body);
    } catch (error) {
      if (error instanceof SyntaxError) {
        throw new SyntaxError(`${partial.path}: ${error.message}: remove it and count again`);
      }
      throw error;
    }
  }
  return sum;
}
