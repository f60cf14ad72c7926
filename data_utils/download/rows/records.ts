/**
 * Records of a file in turn, whatever ends them: a rule finds them in a window of bytes that slides over the file. What
 * the rule says of a record must not depend on where the window lies, since a run of records is found by one pass and
 * read by another.
 */
import type { ByteFeed } from "./byte_feed.ts";

/** A record that was found: its bytes, what comes behind it, and why it is no row, if it is none. */
export interface Found {
  from: number;
  to: number;
  next: number;
  fault: string | null;
}

/**
 * Looks for the record that begins at byte `at` and says whether there is one, more bytes are needed to tell, or no
 * record comes any more.
 */
export type Finder = (at: number, found: Found) => "record" | "more" | "end";

/** Goes over a record in pieces, each from byte `at`: the byte behind the record's end, or -1 where it goes on. */
export type Passer = (bytes: Uint8Array, at: number) => number;

/** How a format's records are found. */
export interface RecordRule {
  /** A finder in a window; `last` when the file ends with it. */
  over(bytes: Uint8Array, last: boolean): Finder;
  /** What goes over a record of more than LONGEST_RECORD bytes. */
  passer(): Passer;
  /** Looks, piece by piece, at what stands behind the last record. Throws SyntaxError for what must not be there. */
  rest?(): (bytes: Uint8Array, last: boolean) => void;
}

/** Sees a record: bytes `from` to `to` of a window, good until it returns. */
export type Take = (bytes: Uint8Array, from: number, to: number, fault: string | null) => void;

/** A place among the records of a file. */
export interface RecordCursor {
  /** Records passed, those before the cursor's start among them. */
  row(): number;
  /** Byte (unpacked) behind the last record. */
  position(): number;
  /** Gives `take` the next records, `count` at most, and says how many there were. */
  pass(count: number, take: Take | null, signal?: AbortSignal): Promise<number>;
  /** Goes over what is behind the last record, if the rule has something to say of it. */
  finish(signal?: AbortSignal): Promise<void>;
  close(): Promise<void>;
}

/** A longer record is no row. */
export const LONGEST_RECORD = 8 * 2 ** 20;

/** By so much a rule may look behind the longest record. */
const LOOK_AHEAD = 2 ** 17;
const WINDOW = 2 ** 20, AT_ONCE = 4096;
const tooLong = `more than ${LONGEST_RECORD / 2 ** 20} MiB`;

/** Goes over the records of a feed that stands at byte `from` of the file, before record `row`. */
export function recordCursor(
  feed: ByteFeed,
  rule: RecordRule,
  from: number,
  row: number,
  window = WINDOW,
): RecordCursor {
  let bytes = new Uint8Array(window), at = 0, end = 0, before = from, last = false;
  let find = rule.over(bytes.subarray(0, end), last);
  const found: Found = { from: 0, to: 0, next: 0, fault: null };

  /** Drops what was passed and reads behind what is left. */
  async function refill() {
    if (end - at > bytes.length / 2) {
      const larger = new Uint8Array(2 * bytes.length);
      larger.set(bytes.subarray(at, end));
      bytes = larger;
    } else bytes.copyWithin(0, at, end);
    before += at;
    end -= at;
    at = 0;
    const got = await feed.read(bytes.subarray(end));
    last = got < bytes.length - end;
    end += got;
    find = rule.over(bytes.subarray(0, end), last);
  }

  /** Passes over the record at the cursor without keeping it. */
  async function passLong() {
    for (const passer = rule.passer();;) {
      const behind = passer(bytes.subarray(0, end), at);
      at = behind < 0 ? end : behind;
      if (behind >= 0 || last) return;
      await refill();
    }
  }

  async function pass(count: number, take: Take | null, signal?: AbortSignal): Promise<number> {
    let done = 0;
    while (done < count) {
      if (done % AT_ONCE === 0) signal?.throwIfAborted();
      const what = find(at, found);
      if (what === "record") {
        const long = found.to - found.from > LONGEST_RECORD;
        take?.(bytes, found.from, found.to, long ? tooLong : found.fault);
        at = found.next;
      } else {
        at = found.next;
        if (what === "end") break;
        signal?.throwIfAborted();
        if (end - at <= LONGEST_RECORD + LOOK_AHEAD) {
          await refill();
          continue;
        }
        await passLong();
        take?.(bytes, at, at, tooLong);
      }
      done++;
      row++;
    }
    return done;
  }

  async function finish(signal?: AbortSignal): Promise<void> {
    const look = rule.rest?.();
    while (look) {
      signal?.throwIfAborted();
      look(bytes.subarray(at, end), last);
      if (last) return;
      at = end;
      await refill();
    }
  }

  return { row: () => row, position: () => before + at, pass, finish, close: feed.close };
}
