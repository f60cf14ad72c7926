/**
 * Questions for addresses and their answers as name servers write them (RFC 1035, RFC 3596). Deno.resolveDns cannot tell
 * a name that does not exist from a server that failed, and takes 10 ms of the processor for each name.
 */

export type RecordType = "A" | "AAAA";

const typeCodes: Readonly<Record<RecordType, number>> = { A: 1, AAAA: 28 };
const headerBytes = 12;

/** What a name server said. */
export interface DnsAnswer {
  /** `failed`: the server could not say. */
  readonly kind: "addresses" | "no_such_name" | "failed" | "cut_short";
  readonly addresses: readonly string[];
  /** What the server gave as the reason. */
  readonly code: number;
}

/**
 * A question with the number `id`, or null for a name that cannot be written: with an empty part or one above 63 bytes,
 * or above 253 in all.
 */
export function dnsQuestion(name: string, type: RecordType, id: number): Uint8Array<ArrayBuffer> | null {
  const parts = name.split(".").map((part) => new TextEncoder().encode(part));
  if (name.length > 253 || parts.some(({ length }) => length === 0 || length > 63)) return null;
  const labels = parts.flatMap((part) => [part.length, ...part]);
  return new Uint8Array([
    ...[id >> 8, id & 255, 1, 0], // recursion desired
    ...[0, 1, 0, 0, 0, 0, 0, 0], // one question
    ...labels,
    ...[0, 0, typeCodes[type], 0, 1],
  ]);
}

/** Where the name that begins at `at` ends. */
function afterName(bytes: Uint8Array, at: number): number {
  for (; bytes[at] !== 0; at += bytes[at] + 1) {
    if (at >= bytes.length) throw new RangeError("a name beyond the message's end");
    if (bytes[at] >= 192) return at + 2;
  }
  return at + 1;
}

function addressText(bytes: Uint8Array): string {
  if (bytes.length === 4) return bytes.join(".");
  return Array.from({ length: 8 }, (_, i) => (bytes[2 * i] << 8 | bytes[2 * i + 1]).toString(16)).join(":");
}

const sameLetters = (a: number, b: number) =>
  a === b || ((a | 32) === (b | 32) && (a | 32) >= 97 && (a | 32) <= 122);

/** What `bytes` answers to `question`; null where it is no answer to that. */
export function dnsAnswer(bytes: Uint8Array, question: Uint8Array): DnsAnswer | null {
  if (bytes.length < question.length || bytes[0] !== question[0] || bytes[1] !== question[1]) return null;
  if ((bytes[2] & 128) === 0 || bytes[4] !== 0 || bytes[5] !== 1) return null;
  if (!question.every((byte, i) => i < headerBytes || sameLetters(byte, bytes[i]))) return null;
  const code = bytes[3] & 15, cutShort = (bytes[2] & 2) !== 0;
  if (code === 3) return { kind: "no_such_name", addresses: [], code };
  if (code !== 0) return { kind: "failed", addresses: [], code };
  if (cutShort) return { kind: "cut_short", addresses: [], code };
  const type = question[question.length - 3], length = type === typeCodes.A ? 4 : 16;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength), addresses: string[] = [];
  try {
    let at = question.length;
    for (let left = view.getUint16(6); left > 0; left--) {
      at = afterName(bytes, at);
      const data = at + 10, end = data + view.getUint16(at + 8);
      if (view.getUint16(at) === type && end === data + length && end <= bytes.length) {
        addresses.push(addressText(bytes.subarray(data, end)));
      }
      at = end;
    }
  } catch (error) {
    if (error instanceof RangeError) return { kind: "failed", addresses: [], code };
    throw error;
  }
  return { kind: "addresses", addresses, code };
}
