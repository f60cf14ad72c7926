/** Fetching the published metadata: every byte is checked before the first file is written. */
import { createHash } from "node:crypto";
import { dirname } from "node:path";
import { Failure, Stopped } from "../program/outcome.ts";
import { writeAllAtomically, writeFully } from "../runs/atomic.ts";
import {
  localPath,
  NAMES_SHA256,
  PUBLISHED_AT,
  publishedFiles,
  TEMPLATES_SHA256,
  ZERO_SHOT_FILE,
} from "./published_files.ts";
import { parseZeroShotLists } from "./zero_shot_file.ts";

/** How the metadata is fetched. */
export interface FetchOptions {
  /** The folder to be, which may hold some of the files already. */
  readonly folder: string;
  /** Where the repository's paths begin; default {@link PUBLISHED_AT}. */
  readonly from?: string;
  readonly signal?: AbortSignal;
  /** Called before a file is fetched. */
  readonly onFile?: (path: string, done: number, of: number) => void;
}

const MOST_BYTES = 2 ** 20; // of the file whose size is not known
const sha256 = (content: Uint8Array | string) => createHash("sha256").update(content).digest("hex");

/** Whether the content is what was published under this path. */
function isPublished(path: string, content: Uint8Array): boolean {
  const known = publishedFiles.find((file) => file.path === path);
  if (known) return content.length === known.bytes && sha256(content) === known.sha256;
  try {
    const { templates, classNames } = parseZeroShotLists(new TextDecoder().decode(content), path);
    return sha256(JSON.stringify(templates, null, 1)) === TEMPLATES_SHA256 &&
      sha256(classNames.map((name) => name + "\n").join("")) === NAMES_SHA256;
  } catch (error) {
    if (error instanceof SyntaxError) return false;
    throw error;
  }
}

/** The bytes at an address. Throws Failure when they cannot be had, or are more than `most`. */
async function download(url: string, most: number, signal?: AbortSignal): Promise<Uint8Array> {
  try {
    const response = await fetch(url, { signal });
    if (!response.ok || response.body === null) {
      await response.body?.cancel();
      throw new Failure(`${url} answered ${response.status}: the file is not there; see --from`, 1);
    }
    const parts: Uint8Array[] = [];
    let bytes = 0;
    for await (const part of response.body) {
      parts.push(part);
      if ((bytes += part.length) > most) throw new Failure(`${url} is larger than what was published`, 1);
    }
    const whole = new Uint8Array(bytes);
    parts.reduce((at, part) => (whole.set(part, at), at + part.length), 0);
    return whole;
  } catch (error) {
    if (signal?.aborted) throw new Stopped("Stopped: nothing was written");
    if (error instanceof Failure) throw error;
    throw new Failure(
      `${
        new URL(url).host
      } cannot be reached (offline?): copy the repository's folder metadata here by hand, or name ` +
        `another place with --from`,
      1,
      { cause: error },
    );
  }
}

/**
 * Fetches the files that `folder` does not hold yet and returns how many were fetched and how many were there. All are
 * written, or none. Throws RangeError for an address that is none, and for a file that is there with another content;
 * Failure (1) when a file cannot be had or is not the published one.
 */
export async function fetchMetadata(options: FetchOptions): Promise<{ fetched: number; present: number }> {
  const { folder, from = PUBLISHED_AT, signal, onFile } = options, missing: string[] = [];
  if (!URL.canParse(from) || !/^https?:$/.test(new URL(from).protocol)) {
    throw new RangeError(`--from ${from} is no address that begins with http:// or https://`);
  }
  const paths = [...publishedFiles.map(({ path }) => path), ZERO_SHOT_FILE];
  for (const path of paths) {
    const local = localPath(folder, path);
    const content = await Deno.readFile(local).catch((error) => {
      if (error instanceof Deno.errors.NotFound) return null;
      throw error;
    });
    if (content === null) missing.push(path);
    else if (!isPublished(path, content)) {
      throw new RangeError(`${local} is there with another content than was published: move it away`);
    }
  }
  const contents = new Map<string, Uint8Array>();
  for (const path of missing) {
    onFile?.(path, contents.size, missing.length);
    const url = `${from.replace(/\/+$/, "")}/${path.split("/").map(encodeURIComponent).join("/")}`;
    const most = publishedFiles.find((file) => file.path === path)?.bytes ?? MOST_BYTES;
    const content = await download(url, most, signal);
    if (!isPublished(path, content)) {
      throw new Failure(`${url} is not what was published (its SHA-256 differs): nothing was written`, 1);
    }
    contents.set(path, content);
  }
  for (const path of missing) await Deno.mkdir(dirname(localPath(folder, path)), { recursive: true });
  await writeAllAtomically([...contents].map(([path, content]) => ({
    path: localPath(folder, path),
    write: (file) => writeFully(file, content),
  })));
  return { fetched: missing.length, present: paths.length - missing.length };
}
