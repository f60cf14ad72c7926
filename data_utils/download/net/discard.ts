/**
 * Bodies that nobody needs, of redirects and refusals: a short one is read to its end, so that its connection can be
 * used again; for a long one it is cheaper to close the connection.
 */
import { type Answer } from "./ask.ts";
import type { Deadlines } from "./deadlines.ts";
import type { Patience } from "./patience.ts";
import { announcedLength } from "./receive.ts";

const shortBody = 64 * 1024;
const longestWait = 1_000;

/** Ends an answer, within a second and in any case. Throws only what breaks the fetch off. */
export async function discard(answer: Answer, patience: Patience, deadlines: Deadlines): Promise<void> {
  const { response } = answer;
  if ((announcedLength(answer) ?? 0) > shortBody) return void response.destroy();
  const deadline = { due: deadlines.now() + longestWait, expire: () => response.destroy() };
  deadlines.watch(deadline);
  try {
    await patience.wait<void>((done) => {
      let bytes = 0;
      response.on("data", (chunk: Uint8Array) => {
        bytes += chunk.length;
        if (bytes > shortBody) response.destroy();
      });
      response.once("end", () => done()).once("close", () => done());
      if (response.destroyed) done();
      return () => response.destroy();
    });
  } finally {
    deadlines.drop(deadline);
  }
}
