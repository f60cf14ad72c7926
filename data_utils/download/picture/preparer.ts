/**
 * Prepares images as they come in. What needs a look only (most of a download that keeps bytes) is done where the bytes
 * are; pixels are touched on threads, which start with the first image that needs them.
 */
import { checkImageRules } from "./check_rules.ts";
import type { ImageRules, PreparedAnswer, Preparer } from "./image_rules.ts";
import { lookAt } from "./look_at.ts";
import { prepareByLook } from "./prepare_image.ts";
import { sniff } from "./sniff.ts";
import { openPool } from "./worker_pool.ts";

/** Pixels under way at once: at 3 bytes, decoded and scaled, about 200 MB. */
const pixelsUnderWay = 32 * 2 ** 20;
/** What an image is taken to have whose header only the decoder understands. */
const unknownPixels = 4 * 2 ** 20;

function pixelsOf(bytes: Uint8Array): number {
  const sniffed = sniff(bytes), look = "kind" in sniffed ? lookAt(sniffed.kind, bytes) : null;
  return look ? look.width * look.height : unknownPixels;
}

/**
 * A preparer over `workers` threads. Images kept are the very bytes that came in. It may be given many images at once.
 * Throws RangeError for rules that cannot be followed. Closing it rejects what waits, and waits for what is under way.
 */
export function openPreparer(rules: ImageRules, { workers }: { workers: number }): Preparer {
  checkImageRules(rules);
  if (!Number.isInteger(workers) || workers < 1) {
    throw new RangeError(`The number of threads must be a whole number of at least 1, got ${workers}`);
  }
  const script = import.meta.resolve("./prepare_worker.ts");
  const pool = openPool<ImageRules, PreparedAnswer>({
    ...{ script, settings: rules, workers, jobsEach: 2, mostWeight: pixelsUnderWay },
  });
  return {
    prepare(bytes) {
      const answer = prepareByLook(bytes, rules);
      return answer ? Promise.resolve(answer) : pool.ask(bytes, pixelsOf(bytes));
    },
    [Symbol.asyncDispose]: () => pool[Symbol.asyncDispose](),
  };
}
