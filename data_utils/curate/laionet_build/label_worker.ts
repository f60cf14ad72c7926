/** A worker that labels files of captions, one after another. */
import type { CaptionOptions } from "../../captions/caption_file.ts";
import { errorLine, exitCode } from "../../program/outcome.ts";
import { type LabelledPart, labelPart } from "./label_part.ts";

/** What a worker is asked. */
export interface LabelRequest {
  readonly path: string;
  readonly lemmas: readonly string[];
  readonly options: CaptionOptions;
}

/** What it says: rows read since it last said so, the result, or why there is none. */
export type LabelReply =
  | { readonly read: number }
  | { readonly part: LabelledPart }
  | { readonly failure: string; readonly input: boolean };

/** The part of a worker's global scope used here. */
interface WorkerScope {
  onmessage: ((event: MessageEvent<LabelRequest>) => void) | null;
  postMessage(reply: LabelReply, transfer?: Transferable[]): void;
}

const scope = globalThis as unknown as WorkerScope;

scope.onmessage = async ({ data: { path, lemmas, options } }) => {
  try {
    const part = await labelPart(path, lemmas, options, { onRows: (read) => scope.postMessage({ read }) });
    scope.postMessage({ part }, part.rowsOf.map(({ buffer }) => buffer as ArrayBuffer));
  } catch (error) {
    scope.postMessage({ failure: errorLine(error), input: exitCode(error) === 2 });
  }
};
