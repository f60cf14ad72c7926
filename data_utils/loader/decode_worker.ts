/**
 * Worker thread of a decoder: gets the transform once, then images, and sends squares of RGB bytes back.
 */
import { decodeTask, type WorkerReply, type WorkerRequest } from "./decoder.ts";
import { type Transform } from "../images/mod.ts";

/** The part of a worker's global scope used here. */
interface WorkerScope {
  onmessage: ((event: MessageEvent<WorkerRequest>) => void) | null;
  postMessage(reply: WorkerReply, transfer: Transferable[]): void;
}

const scope = globalThis as unknown as WorkerScope;
let transform: Transform;

scope.onmessage = async ({ data }) => {
  if ("transform" in data) {
    transform = data.transform;
    return;
  }
  try {
    const decoded = await decodeTask(data.task, transform);
    scope.postMessage(
      { id: data.id, decoded },
      typeof decoded === "string" ? [] : [decoded.buffer as ArrayBuffer],
    );
  } catch (error) {
    scope.postMessage({ id: data.id, failure: error instanceof Error ? error.message : String(error) }, []);
  }
};
