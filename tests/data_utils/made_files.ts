// Small archives and images made on the spot, so that tests of the loaders need no data of their own.
import { crc32, deflateSync, gzipSync } from "node:zlib";

const encoder = new TextEncoder();

/** Bytes of a string, or the bytes themselves. */
export const bytesOf = (content: string | Uint8Array) =>
  typeof content === "string" ? encoder.encode(content) : content;

export function join(...parts: Uint8Array[]): Uint8Array<ArrayBuffer> {
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  parts.reduce((at, part) => (whole.set(part, at), at + part.length), 0);
  return whole;
}

/** One tar header and its content, padded to blocks. */
export function tarEntry(name: string, content: string | Uint8Array, kind = "0"): Uint8Array {
  const bytes = bytesOf(content), header = new Uint8Array(512);
  const put = (text: string, at: number) => header.set(encoder.encode(text), at);
  put(name.slice(0, 100), 0);
  put("0000644\0", 100);
  put(bytes.length.toString(8).padStart(11, "0"), 124);
  put("        ", 148);
  put(kind, 156);
  put("ustar\x0000", 257);
  put(header.reduce((sum, byte) => sum + byte, 0).toString(8).padStart(6, "0") + "\0", 148);
  return join(header, bytes, new Uint8Array((512 - bytes.length % 512) % 512));
}

/** A tar archive of the given members, with its end mark. */
export function tar(members: Record<string, string | Uint8Array>): Uint8Array<ArrayBuffer> {
  return join(
    ...Object.entries(members).map(([name, content]) => tarEntry(name, content)),
    new Uint8Array(1024),
  );
}

export const gzip = (bytes: Uint8Array) => new Uint8Array(gzipSync(bytes));

/** An RGB PNG of one colour. */
export function png(width: number, height: number, rgb: [number, number, number]): Uint8Array {
  const chunk = (kind: string, content: Uint8Array) => {
    const body = join(encoder.encode(kind), content),
      ends = new Uint8Array(8),
      view = new DataView(ends.buffer);
    view.setUint32(0, content.length);
    view.setUint32(4, crc32(body));
    return join(ends.subarray(0, 4), body, ends.subarray(4));
  };
  const header = new Uint8Array(13), view = new DataView(header.buffer);
  view.setUint32(0, width);
  view.setUint32(4, height);
  header.set([8, 2], 8);
  const row = join(Uint8Array.of(0), ...Array.from({ length: width }, () => Uint8Array.from(rgb)));
  const pixels = deflateSync(join(...Array.from({ length: height }, () => row)));
  const signature = Uint8Array.of(0x89, 0x50, 0x4e, 0x47, 13, 10, 26, 10);
  return join(signature, chunk("IHDR", header), chunk("IDAT", pixels), chunk("IEND", new Uint8Array(0)));
}

/** Runs `body` with a fresh folder that is removed afterwards. */
export async function withFolder(body: (folder: string) => Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir({ prefix: "loader test " });
  try {
    await body(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}
