// A reader of TensorBoard event files for tests, written from the format's description and not from our writer. It checks
// both checksums of every record with a bitwise CRC-32C and throws where anything is left over.

/** An event with its scalars by tag. */
export interface ReadEvent {
  wallTime: number;
  step: number;
  version?: string;
  scalars: Record<string, number>;
}

/** CRC-32C bit by bit, as its definition has it. */
function checksum(bytes: Uint8Array): number {
  let crc = ~0;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++) crc = (crc >>> 1) ^ (crc & 1 ? 0x82f63b78 : 0);
  }
  return ~crc >>> 0;
}

function expectChecksum(bytes: Uint8Array, stored: number, what: string): void {
  const unmasked = (stored - 0xa282ead8) >>> 0, crc = ((unmasked << 15) | (unmasked >>> 17)) >>> 0;
  if (crc !== checksum(bytes)) throw new Error(`The checksum of ${what} is wrong`);
}

/** A field of a message: its number, and its value as the wire type gives it. */
type Field = { number: number; value: bigint | Uint8Array };

function fields(bytes: Uint8Array): Field[] {
  const found: Field[] = [];
  let at = 0;
  const varint = () => {
    let value = 0n;
    for (let shift = 0n;; shift += 7n) {
      const byte = bytes[at++];
      if (byte === undefined) throw new Error("A number does not end");
      value |= BigInt(byte & 0x7f) << shift;
      if (byte < 0x80) return value;
    }
  };
  const take = (count: number) => {
    if (at + count > bytes.length) throw new Error("A field is cut short");
    return bytes.slice(at, at += count);
  };
  while (at < bytes.length) {
    const key = Number(varint()), number = key >> 3, wire = key & 7;
    if (wire === 0) found.push({ number, value: varint() });
    else if (wire === 1) found.push({ number, value: take(8) });
    else if (wire === 2) found.push({ number, value: take(Number(varint())) });
    else if (wire === 5) found.push({ number, value: take(4) });
    else throw new Error(`Wire type ${wire} is none`);
  }
  return found;
}

const view = (value: Field["value"]) => new DataView((value as Uint8Array).slice().buffer);
const text = (value: Field["value"]) => new TextDecoder().decode(value as Uint8Array);

function scalar(bytes: Uint8Array): [string, number] {
  const parts = new Map(fields(bytes).map(({ number, value }) => [number, value]));
  return [text(parts.get(1)!), view(parts.get(2)!).getFloat32(0, true)];
}

function event(bytes: Uint8Array): ReadEvent {
  const read: ReadEvent = { wallTime: 0, step: 0, scalars: {} };
  for (const { number, value } of fields(bytes)) {
    if (number === 1) read.wallTime = view(value).getFloat64(0, true);
    else if (number === 2) read.step = Number(value);
    else if (number === 3) read.version = text(value);
    else if (number === 5) {
      for (const part of fields(value as Uint8Array)) {
        const [tag, number] = scalar(part.value as Uint8Array);
        if (tag in read.scalars) throw new Error(`${tag} stands twice in one event`);
        read.scalars[tag] = number;
      }
    } else throw new Error(`Field ${number} of an event is not one we write`);
  }
  return read;
}

/** The events of a file. Throws Error for a wrong checksum, a cut record or an unknown field. */
export function readEvents(file: Uint8Array): ReadEvent[] {
  const events: ReadEvent[] = [];
  for (let at = 0; at < file.length;) {
    const head = view(file.slice(at, at + 12)), length = Number(head.getBigUint64(0, true));
    expectChecksum(file.subarray(at, at + 8), head.getUint32(8, true), "a length");
    const bytes = file.subarray(at + 12, at + 12 + length),
      tail = view(file.slice(at + 12 + length, at + 16 + length));
    expectChecksum(bytes, tail.getUint32(0, true), "an event");
    events.push(event(bytes));
    at += 16 + length;
  }
  return events;
}
