/**
 * Lists of row ids under names (class to ids, lemma to ids, image to ids), which the reference keeps in pickles. Here
 * they are JSON with one name per line, so that any program reads them and none needs to hold their whole text.
 */
import { writeFully } from "../../runs/atomic.ts";

/** Names with their numbers, in the order of the file. */
export type IdLists = ReadonlyMap<string, ArrayLike<number>>;

const PIECE = 2 ** 20;

/** Writes lists: `{`, a line for each name, `}`. */
export async function writeIdLists(
  file: Deno.FsFile,
  lists: Iterable<readonly [string, ArrayLike<number>]>,
): Promise<void> {
  const encoder = new TextEncoder();
  let text = "{", comma = "\n";
  for (const [name, numbers] of lists) {
    text += `${comma}${JSON.stringify(name)}: [${Array.prototype.join.call(numbers, ",")}]`;
    comma = ",\n";
    if (text.length < PIECE) continue;
    await writeFully(file, encoder.encode(text));
    text = "";
  }
  await writeFully(file, encoder.encode(`${text}\n}\n`));
}

/** Lines of a file; one without any line end is one line. */
async function* linesOf(path: string): AsyncGenerator<string> {
  using file = await Deno.open(path);
  const decoder = new TextDecoder("utf-8", { fatal: true }), buffer = new Uint8Array(PIECE);
  let rest = "";
  for (let got; (got = await file.read(buffer)) !== null;) {
    const lines = (rest + decoder.decode(buffer.subarray(0, got), { stream: true })).split("\n");
    rest = lines.pop()!;
    yield* lines;
  }
  yield rest + decoder.decode();
}

function numbersOf(path: string, name: string, value: unknown, whole: boolean): Float64Array {
  const wanted = whole ? "ids (whole numbers from 0)" : "numbers";
  const fits = (x: unknown) => typeof x === "number" && (!whole || Number.isSafeInteger(x) && x >= 0);
  if (!Array.isArray(value)) throw new SyntaxError(`${path}: ${name} has no list of ${wanted}`);
  const wrong = value.findIndex((x) => !fits(x));
  if (wrong < 0) return Float64Array.from(value as number[]);
  throw new SyntaxError(
    `${path}: ${name} lists ${JSON.stringify(value[wrong])} among ${wanted}, at place ${wrong}`,
  );
}

/**
 * Reads a JSON object of lists of ids (or with `whole` false of numbers): as writeIdLists writes them, name by name, or
 * in any other layout at once. Throws SyntaxError naming file and name for anything else, and for a name that stands
 * twice.
 */
export async function* readIdLists(
  path: string,
  { whole = true }: { whole?: boolean } = {},
): AsyncGenerator<[name: string, ids: Float64Array]> {
  const seen = new Set<string>();
  let row = 0, ended = false, other = "";
  const once = (name: string) => {
    if (seen.has(name)) throw new SyntaxError(`${path} lists ${name} twice`);
    seen.add(name);
    return name;
  };
  try {
    for await (const line of linesOf(path)) {
      row++;
      if (row === 1 && line !== "{" || other !== "") other += line + "\n";
      else if (line === "}") ended = true;
      else if (row > 1 && line !== "") {
        if (ended) throw new SyntaxError("there is more behind its end");
        const entry = JSON.parse(`{${line.endsWith(",") ? line.slice(0, -1) : line}}`);
        for (const [name, value] of Object.entries(entry)) {
          yield [once(name), numbersOf(path, name, value, whole)];
        }
      }
    }
    if (other !== "") {
      const all: unknown = JSON.parse(other);
      if (typeof all !== "object" || all === null || Array.isArray(all)) {
        throw new SyntaxError("it is no object of lists");
      }
      for (const [name, value] of Object.entries(all)) yield [name, numbersOf(path, name, value, whole)];
    } else if (!ended) throw new SyntaxError("it ends in the middle");
  } catch (error) {
    if (error instanceof SyntaxError && error.message.startsWith(path)) throw error;
    if (!(error instanceof SyntaxError || error instanceof TypeError)) throw error;
    throw new SyntaxError(`${path}: line ${row} is no list of ids by name (${error.message})`, {
      cause: error,
    });
  }
}

/** As {@link readIdLists}, all of a file. */
export async function allIdLists(path: string): Promise<Map<string, Float64Array>> {
  return new Map(await Array.fromAsync(readIdLists(path)));
}
