/** The body of an answer: received whole, unpacked and within limits, or not at all. */
import type { Transform } from "node:stream";
import type { Answer } from "./ask.ts";
import type { BodyBudget } from "./body_budget.ts";
import { unpackerOf } from "./encodings.ts";
import { failure, type FetchFailure, reasonOfError } from "./fetch_failure.ts";
import { gatherBytes } from "./gathered_bytes.ts";
import type { Patience } from "./patience.ts";

export interface Body {
  /** Unpacked. */
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly wireBytes: number;
}

/** The length that an answer announces, null if it announces none. */
export function announcedLength({ response }: Answer): number | null {
  const length = response.headers["content-length"];
  return length !== undefined && response.headers["transfer-encoding"] === undefined ? Number(length) : null;
}

/** Why a body ended early: `reset` where the connection was torn down, `truncated` where it was closed as if all were well. */
function earlyEnd({ broken }: Answer, received: number, announced: number | null): FetchFailure {
  const error = broken(), reason = error === null ? "truncated" : reasonOfError(error);
  const count = announced === null ? `${received} bytes` : `${received} of ${announced} bytes`;
  return failure(reason, `Ended after ${count}${error ? `: ${error.message}` : ""}`);
}

/**
 * Receives the body. Bytes beyond `maxBytes`, as sent or unpacked, are refused at once; a large body waits for its part
 * of the budget with the clock stopped. Throws FetchFailure. The caller destroys the answer when it fails.
 */
export async function receive(
  answer: Answer,
  patience: Patience,
  budget: BodyBudget,
  maxBytes: number,
): Promise<Body> {
  const { response } = answer, announced = announcedLength(answer);
  const tooLarge = (count: number, how: string) =>
    failure("too_large", `${count} bytes ${how}, ${maxBytes} are allowed`);
  if (announced !== null && announced > maxBytes) throw tooLarge(announced, "announced");
  const unpack = unpackerOf(response.headers["content-encoding"]);
  using body = gatherBytes(budget, maxBytes);
  let wireBytes = 0, unpacking: Transform | null = null;

  await patience.wait<void>((done, fail) => {
    /** Takes bytes out of `from`, which stands still while there is no room for them. */
    const gather = (from: { pause(): unknown; resume(): unknown }) => {
      const late: Uint8Array[] = [];
      const proceed = () => {
        for (let chunk = late.shift(); chunk !== undefined; chunk = late.shift()) {
          if (!fits(chunk)) return void late.unshift(chunk);
          body.add(chunk);
        }
        patience.resume();
        from.resume();
      };
      const fits = (chunk: Uint8Array) => body.reserve(body.size + chunk.length, proceed);
      return (chunk: Uint8Array) => {
        if (body.size + chunk.length > maxBytes) return fail(tooLarge(body.size + chunk.length, "unpacked"));
        if (late.length === 0 && fits(chunk)) return body.add(chunk);
        late.push(chunk);
        from.pause();
        patience.hold();
      };
    };
    const finish = () => done();
    const openUnpacking = (first: Uint8Array) => {
      const stream = unpack!(first);
      stream.on("data", gather(stream)).once("end", finish);
      stream.on("error", (error) => fail(failure("bad_encoding", error.message)));
      return stream;
    };
    const gatherPlain = gather(response);
    const read = () => {
      response.on("data", (chunk: Uint8Array) => {
        wireBytes += chunk.length;
        if (wireBytes > maxBytes) return fail(tooLarge(wireBytes, "sent"));
        if (unpack === null) return gatherPlain(chunk);
        unpacking ??= openUnpacking(chunk);
        if (unpacking.write(chunk)) return;
        response.pause();
        unpacking.once("drain", () => response.resume());
      });
    };
    const stop = () => fail(earlyEnd(answer, wireBytes, announced));
    response.once("end", () => {
      if (!response.complete) stop();
      else if (unpacking) unpacking.end();
      else finish();
    });
    response.once("error", stop).once("close", () => response.readableEnded || stop());
    if (response.destroyed && !response.complete) stop();
    else if (announced === null || unpack || body.reserve(announced, () => (patience.resume(), read()))) {
      read();
    } else patience.hold();
    return () => response.destroy();
  }).finally(() => unpacking?.destroy());
  return { bytes: body.take(), wireBytes };
}
