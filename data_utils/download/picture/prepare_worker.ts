/** Worker thread of a preparer: gets the rules once, then bytes, and sends answers back. */
import { loadSharp } from "../../deps.ts";
import type { ImageRules, PreparedAnswer } from "./image_rules.ts";
import { prepareImage } from "./prepare_image.ts";
import type { FromWorker, ToWorker } from "./worker_pool.ts";

/** The part of a worker's global scope used here. */
interface WorkerScope {
  onmessage: ((event: MessageEvent<ToWorker<ImageRules>>) => void) | null;
  postMessage(reply: FromWorker<PreparedAnswer>, transfer: Transferable[]): void;
}

const scope = globalThis as unknown as WorkerScope;
let rules: ImageRules;

scope.onmessage = async ({ data }) => {
  if ("settings" in data) {
    rules = data.settings;
    return;
  }
  const answer = await prepareImage(data.bytes, rules);
  scope.postMessage({ id: data.id, answer }, "image" in answer ? [answer.image.bytes.buffer] : []);
};

// images come once: libvips need not remember them, nor share one image out over several threads
const sharp = await loadSharp();
sharp.cache(false);
sharp.concurrency(1);
