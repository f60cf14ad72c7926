/**
 * Where WordNet comes from: a folder that the user names, Debian's package, or an npm package that Deno fetches once.
 * It is part of no checkout, for its licence is its own.
 */
import { wordNetPackage } from "../../deps.ts";
import { tarMembers } from "../../loader/tar.ts";
import { parseSenses, SENSE_FILES, type Senses, sensesDifferFrom30 } from "./senses.ts";
import { parseSynsets, type Synsets, synsetsDifferFrom30 } from "./synsets.ts";
import { differsFrom30, parseWordNet, type WordNetNouns } from "./wordnet.ts";

const debianFolder = "/usr/share/wordnet";

/** How WordNet is looked for. */
export interface WordNetOptions {
  /** A folder with the files that are read, plain or gzipped (.gz). Default: Debian's, else the npm package. */
  readonly folder?: string;
  /** Take another edition than 3.0 too: what is made with it is not the reference's. */
  readonly anyVersion?: boolean;
}

/** A part of WordNet: the files it is read from, how, and which of them are not those of 3.0. */
interface Part<T> {
  readonly files: readonly string[];
  read(texts: readonly string[], where: string): T;
  differing(part: T): string[];
  /** What rests on the edition, for a message. */
  readonly use: string;
}

/** The text of a file, or of the same file gzipped; undefined when there is neither. */
async function textOf(path: string): Promise<string | undefined> {
  for (const name of [path, `${path}.gz`]) {
    try {
      const bytes = await Deno.readFile(name), gzipped = bytes[0] === 0x1f && bytes[1] === 0x8b;
      if (!gzipped) return new TextDecoder().decode(bytes);
      const unpacked = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
      return await new Response(unpacked).text().catch((error) => {
        throw new SyntaxError(`${name} is damaged or cut short (${error.message}): fetch it again`);
      });
    } catch (error) {
      if (!(error instanceof Deno.errors.NotFound)) throw error;
    }
  }
  return undefined;
}

async function textsIn(folder: string, files: readonly string[]): Promise<string[] | undefined> {
  const texts = await Promise.all(files.map((name) => textOf(`${folder}/${name}`)));
  return texts.every((text) => text !== undefined) ? texts : undefined;
}

/** From the npm package, which has lists of exceptions as files and the rest in a tar, left as soon as all is read. */
async function textsOfPackage(files: readonly string[]): Promise<{ texts: string[]; where: string }> {
  const listed = new Intl.ListFormat("en").format(files);
  const folder = await wordNetPackage().catch((error) => {
    throw new Error(
      `WordNet 3.0 is not here and could not be fetched (${
        error.message.split("\n")[0]
      }): run once with a network, ` +
        `or apt-get install wordnet-base, or give --wordnet FOLDER with ${listed}`,
    );
  });
  const where = decodeURIComponent(new URL("WNdb-3.0.tar.gz", folder).pathname),
    found = new Map<string, string>();
  for (const name of files.filter((name) => name.endsWith(".exc"))) {
    found.set(name, await Deno.readTextFile(new URL(`data/${name}`, folder)));
  }
  for await (const member of found.size < files.length ? tarMembers(where) : []) {
    const name = files.find((name) => member.name.endsWith(`/${name}`));
    if (name !== undefined) found.set(name, new TextDecoder().decode(await member.read()));
    if (found.size === files.length) break;
  }
  const missing = files.find((name) => !found.has(name));
  if (missing !== undefined) {
    throw new SyntaxError(`${where} holds no ${missing}: give --wordnet FOLDER with ${listed}`);
  }
  return { texts: files.map((name) => found.get(name)!), where };
}

async function loadPart<T>(part: Part<T>, { folder, anyVersion }: WordNetOptions): Promise<T> {
  const { files, read, differing, use } = part, texts = await textsIn(folder ?? debianFolder, files);
  if (texts === undefined && folder !== undefined) {
    const listed = (files.length === 2 ? "both " : "") + new Intl.ListFormat("en").format(files);
    throw new RangeError(`--wordnet ${folder} does not hold ${listed} (or with .gz)`);
  }
  const found = texts && read(texts, folder ?? debianFolder),
    odd = found && !anyVersion ? differing(found) : [];
  if (found && odd.length === 0) return found;
  if (folder !== undefined) {
    throw new RangeError(
      `${odd.join(" and ")} in ${folder}: not WordNet 3.0, whose ${use}; ` +
        "leave --wordnet out to use Debian's or npm's copy",
    );
  }
  const packaged = await textsOfPackage(files), loaded = read(packaged.texts, packaged.where);
  const changed = differing(loaded);
  if (changed.length > 0) {
    throw new SyntaxError(`${changed.join(" and ")} of npm's WordNet: not as published`);
  }
  return loaded;
}

/**
 * Loads the nouns of WordNet 3.0. Throws RangeError when `folder` lacks a file or holds another edition (unless
 * `anyVersion`), SyntaxError for a damaged file, and Error when no folder is given and WordNet is nowhere and cannot
 * be fetched.
 */
export const loadWordNet = (options: WordNetOptions = {}): Promise<WordNetNouns> =>
  loadPart({
    files: ["index.noun", "noun.exc"],
    read: ([indexNoun, nounExc], where) => parseWordNet(indexNoun, nounExc, where),
    differing: differsFrom30,
    use: "nouns the reference's counts rest on",
  }, options);

/** Loads the synsets of WordNet 3.0's nouns, from data.noun. Throws as {@link loadWordNet}. */
export const loadSynsets = (options: WordNetOptions = {}): Promise<Synsets> =>
  loadPart({
    files: ["data.noun"],
    read: ([dataNoun], where) => parseSynsets(dataNoun, where),
    differing: synsetsDifferFrom30,
    use: "offsets ImageNet's ids are",
  }, options);

/** Loads how many senses words have in WordNet 3.0, and the hypernyms of its nouns. Throws as {@link loadWordNet}. */
export const loadSenses = (options: WordNetOptions = {}): Promise<Senses> =>
  loadPart({
    files: SENSE_FILES,
    read: parseSenses,
    differing: sensesDifferFrom30,
    use: "senses LAIONet's lemmas are chosen by",
  }, options);
