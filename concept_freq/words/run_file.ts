/**
 * Sorted runs: keys in the order of their bytes, each once, with a count. A run is the body of a partial result of
 * `freq word` (the keys are words) and what is laid aside on disk where memory is full. An entry is three whole numbers
 * in base 128, the lowest digits first: how many bytes the key shares with the one before, how many are its own, then
 * those, and the count. Two zeros end the run, so that one that was cut short is known.
 */

import { byteWriter, LONGEST_NUMBER } from "./byte_writer.ts";

/** Where a run lies: in which file, from which byte, and how many. */
export interface RunPlace {
  readonly path: string;
  readonly at: number;
  readonly bytes: number;
}

/** Takes a key, which is `length` bytes from `from`, and its count. The bytes hold until it returns. */
export type KeySink = (bytes: Uint8Array, from: number, length: number, count: number) => void;

/** Writes a run key by key, in order. */
export interface RunWriter {
  readonly add: KeySink;
  /** Writes what is left and returns the run's length in bytes. */
  end(): number;
}

const BUFFER = 1 << 16;

/** A buffer of at least `length` bytes that begins with what `bytes` holds. */
function roomFor(bytes: Uint8Array<ArrayBuffer>, length: number): Uint8Array<ArrayBuffer> {
  if (bytes.length >= length) return bytes;
  const larger = new Uint8Array(Math.max(length, 2 * bytes.length));
  larger.set(bytes);
  return larger;
}

/** Writes a run behind what `file` holds. */
export function runWriter(file: Deno.FsFile): RunWriter {
  const out = byteWriter(file), start = file.seekSync(0, Deno.SeekMode.Current);
  let last = new Uint8Array(64), lastLength = 0;
  return {
    add(bytes, from, length, count) {
      const most = Math.min(length, lastLength);
      let shared = 0;
      while (shared < most && bytes[from + shared] === last[shared]) shared++;
      out.number(shared);
      out.number(length - shared);
      out.bytes(bytes, from + shared, length - shared);
      out.number(count);
      last = roomFor(last, length);
      for (let i = shared; i < length; i++) last[i] = bytes[from + i];
      lastLength = length;
    },
    end() {
      out.number(0);
      out.number(0);
      out.flush();
      return file.seekSync(0, Deno.SeekMode.Current) - start;
    },
  };
}

/** A run being written to a file of its own. */
export interface RunFile {
  readonly add: KeySink;
  /** Ends and closes it. */
  end(): RunPlace;
  /** Closes and removes it, where it cannot be ended. */
  discard(): void;
}

/** Begins a run in a file of its own. */
export function runFile(path: string): RunFile {
  const file = Deno.openSync(path, { write: true, create: true, truncate: true });
  const writer = runWriter(file);
  return {
    add: writer.add,
    end() {
      const bytes = writer.end();
      file.close();
      return { path, at: 0, bytes };
    },
    discard() {
      file.close();
      Deno.removeSync(path);
    },
  };
}

/** Reads a run entry by entry; `key`, `length`, `count` and `prefix` are those of the entry that `next` went to. */
export class RunReader {
  key = new Uint8Array(64);
  length = 0;
  count = 0;
  /** The first six bytes as a number (zeros behind a shorter key), so that most comparisons are one. */
  prefix = 0;
  readonly #file: Deno.FsFile;
  readonly #buffer: Uint8Array;
  #at = 0;
  #end = 0;
  #left: number;

  /** Opens a run. `bufferBytes` of it are in memory at a time. */
  constructor(readonly place: RunPlace, bufferBytes = BUFFER) {
    this.#file = Deno.openSync(place.path);
    this.#file.seekSync(place.at, Deno.SeekMode.Start);
    this.#left = place.bytes;
    this.#buffer = new Uint8Array(bufferBytes);
  }

  /** Goes to the next entry; false at the end. Throws SyntaxError naming the file where it is no run. */
  next(): boolean {
    const shared = this.#number(), added = this.#number();
    if (shared === 0 && added === 0) {
      return this.#at < this.#end || this.#left > 0 ? this.#fail("goes on behind its end") : false;
    }
    const length = shared + added;
    if (shared > this.length || added === 0 || added > this.#left + this.#end - this.#at) {
      this.#fail("is out of order");
    }
    this.key = roomFor(this.key, length);
    const key = this.key, before = shared < this.length ? key[shared] : -1;
    for (let i = shared; i < length; i++) key[i] = this.#byte();
    if (key[shared] <= before) this.#fail("is out of order");
    this.length = length;
    this.count = this.#number();
    if (shared < 6) this.prefix = prefixOf(key, length);
    return true;
  }

  close(): void {
    this.#file.close();
  }

  #number(): number {
    let value = 0;
    for (let i = 0, digit = 1; i < LONGEST_NUMBER; i++, digit *= 128) {
      const byte = this.#byte();
      value += (byte & 127) * digit;
      if (byte < 128) return value;
    }
    return this.#fail("holds a number that is too large");
  }

  #byte(): number {
    if (this.#at === this.#end) this.#read();
    return this.#buffer[this.#at++];
  }

  #read(): void {
    const wanted = Math.min(this.#left, this.#buffer.length);
    const read = wanted > 0 ? this.#file.readSync(this.#buffer.subarray(0, wanted)) : null;
    if (read === null) this.#fail("is cut short");
    else {
      this.#left -= read;
      this.#at = 0;
      this.#end = read;
    }
  }

  #fail(what: string): never {
    throw new SyntaxError(`${this.place.path} is damaged (it ${what}): remove it and count again`);
  }
}

function prefixOf(key: Uint8Array, length: number): number {
  let prefix = 0;
  for (let i = 0; i < 6; i++) prefix = prefix * 256 + (i < length ? key[i] : 0);
  return prefix;
}
