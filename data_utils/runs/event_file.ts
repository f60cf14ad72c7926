/**
 * Scalars as TensorBoard reads them: an event file is a list of TFRecords (length, checksum, bytes, checksum), each
 * holding an Event, and of that protocol-buffer message only the fields that a scalar needs are written here.
 * Sources: tensorflow/core/lib/io/record_writer.h, tensorflow/core/util/event.proto, framework/summary.proto.
 */

/** One value at one step. */
export interface Scalar {
  /** Name of its curve: train/loss. Curves with the same part before "/" stand together. */
  readonly tag: string;
  /** Stored as float32. */
  readonly value: number;
}

/** The scalars of one step. */
export interface ScalarEvent {
  /** Seconds since 1970. */
  readonly wallTime: number;
  /** A whole number, at least 0. */
  readonly step: number;
  readonly scalars: readonly Scalar[];
}

/** The first event of every file says which layout follows. */
const FILE_VERSION = "brain.Event:2";

/** Remainders of the Castagnoli polynomial, bits reversed, for each byte. */
const crcTable = Uint32Array.from({ length: 256 }, (_, byte) => {
  for (let bit = 0; bit < 8; bit++) byte = byte & 1 ? (byte >>> 1) ^ 0x82f63b78 : byte >>> 1;
  return byte;
});

/** CRC-32C (RFC 3720, appendix B.4) as an unsigned number. */
export function crc32c(bytes: Uint8Array): number {
  let crc = 0xffffffff;
  for (const byte of bytes) crc = (crc >>> 8) ^ crcTable[(crc ^ byte) & 0xff];
  return (crc ^ 0xffffffff) >>> 0;
}

/** A checksum as records store it: turned and shifted, so that checksums of checksums are no special case. */
function maskedCrc(bytes: Uint8Array): number {
  const crc = crc32c(bytes);
  return (((crc >>> 15) | (crc << 17)) + 0xa282ead8) >>> 0;
}

const joined = (...parts: Uint8Array[]) => Uint8Array.from(parts.flatMap((part) => [...part]));

/** Little-endian bytes of a number. */
function little(kind: "Uint32" | "Float32" | "Float64", value: number): Uint8Array {
  const view = new DataView(new ArrayBuffer(kind === "Float64" ? 8 : 4));
  view[`set${kind}`](0, value, true);
  return new Uint8Array(view.buffer);
}

/** Seven bits to a byte, lowest first; right up to 2^53. */
function varint(value: number): Uint8Array {
  const bytes = [];
  for (; value >= 0x80; value = Math.floor(value / 0x80)) bytes.push(value % 0x80 + 0x80);
  return Uint8Array.of(...bytes, value);
}

/** How a field's bytes are laid out, by protocol buffers' numbers. */
const WIRE = { varint: 0, fixed64: 1, bytes: 2, fixed32: 5 } as const;

const field = (number: number, wire: keyof typeof WIRE, content: Uint8Array) =>
  joined(
    varint(number * 8 + WIRE[wire]),
    ...wire === "bytes" ? [varint(content.length)] : [],
    content,
  );

const textField = (number: number, text: string) => field(number, "bytes", new TextEncoder().encode(text));

/** Summary.Value: tag = 1, simple_value = 2. */
const valueBytes = ({ tag, value }: Scalar) =>
  joined(textField(1, tag), field(2, "fixed32", little("Float32", value)));

/** Event: wall_time = 1, step = 2, file_version = 3, summary = 5 (with its values in field 1). */
function eventBytes(wallTime: number, step: number, content: Uint8Array): Uint8Array {
  const stepField = step === 0 ? new Uint8Array(0) : field(2, "varint", varint(step)); // 0 is what is absent
  return joined(field(1, "fixed64", little("Float64", wallTime)), stepField, content);
}

/** A message with its length and the checksums of both. */
function record(bytes: Uint8Array): Uint8Array {
  const length = joined(little("Uint32", bytes.length), new Uint8Array(4));
  const sum = (of: Uint8Array) => little("Uint32", maskedCrc(of));
  return joined(length, sum(length), bytes, sum(bytes));
}

/** The records of an event file in order: the one that says what the file is, then one for each event. */
export function* eventRecords(events: readonly ScalarEvent[]): Generator<Uint8Array> {
  yield record(eventBytes(events[0]?.wallTime ?? 0, 0, textField(3, FILE_VERSION)));
  for (const { wallTime, step, scalars } of events) {
    const values = scalars.map((scalar) => field(1, "bytes", valueBytes(scalar)));
    yield record(eventBytes(wallTime, step, field(5, "bytes", joined(...values))));
  }
}
