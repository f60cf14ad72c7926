/**
 * Images that a table names inside an archive, as "shards/train-000000.tar/train-17.png": a table beside WebDataset
 * shards then needs no second copy of the images. Only headers are read; images stay in the archive until asked for.
 */
import type { ImageRef } from "./sample.ts";
import { tarMembers } from "./tar.ts";

type Places = Map<string, { offset: number; length: number }>;

/** Archives whose members are remembered; tables usually name one after the other. */
const remembered = 4;

async function placesOf(archive: string): Promise<Places> {
  const places: Places = new Map();
  for await (const { name, offset, size, seekable } of tarMembers(archive)) {
    if (!seekable) {
      throw new SyntaxError(`${archive} is gzipped: a table can name images in plain archives only`);
    }
    places.set(name, { offset, length: size });
  }
  return places;
}

/**
 * A function from a path to the image there: the path itself, or the place within an archive when a leading part of
 * the path, ending in ".tar", is a file. Null when the archive has no such member.
 * The function throws SyntaxError for a damaged or gzipped archive.
 */
export function imagePlaces(): (path: string) => Promise<ImageRef | null> {
  const known = new Map<string, Promise<Places> | null>();
  const openOnce = async (archive: string): Promise<Places | null> => {
    if (!known.has(archive)) {
      if (known.size >= remembered) known.delete(known.keys().next().value!);
      const isFile = await Deno.stat(archive).then((info) => info.isFile, () => false);
      known.set(archive, isFile ? placesOf(archive) : null);
    }
    return await known.get(archive)!;
  };
  return async (path) => {
    const [, archive, member] = /^(.*?\.tar)[/\\](.+)$/i.exec(path) ?? [];
    const places = archive === undefined ? null : await openOnce(archive);
    if (places === null) return { file: path };
    const part = places.get(member.replaceAll("\\", "/"));
    return part === undefined ? null : { file: archive, part };
  };
}
