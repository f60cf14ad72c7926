/**
 * Templates and class names out of `zero_shot_metadata.py`, the reference's Python file of them, without Python: its
 * tuples hold texts and functions that put a class name into a text, and nothing else of it is looked at.
 */

/** What the file lists. */
export interface ZeroShotLists {
  /** By the tuple's name, such as OPENAI_IMAGENET_TEMPLATES: sentences with `{}` where a class name goes. */
  readonly templates: Readonly<Record<string, readonly string[]>>;
  /** The tuple IMAGENET_CLASSNAMES; four names differ from those of the descriptors. */
  readonly classNames: readonly string[];
}

const tuple = /^([A-Z0-9_]+) *= *\(\n([^]*?)^\)/gm;
const item = /\s*(?:(?:lambda c: *(f))?(?:'((?:[^'\\\n]|\\.)*)'|"((?:[^"\\\n]|\\.)*)")\s*(?:,|$)|#.*$)/my;

/** The texts of a tuple's inside; of functions, with `{}` for `{c}`. */
function itemsOf(inside: string, name: string, path: string): { texts: string[]; functions: boolean } {
  const texts: string[] = [];
  let functions = false, at = 0;
  while (inside.slice(at).trim() !== "") {
    item.lastIndex = at;
    const found = item.exec(inside);
    if (!found) {
      const line = inside.slice(at).trim().split("\n")[0];
      throw new SyntaxError(`${path}: ${name} holds ${JSON.stringify(line)}, which is no text`);
    }
    at = item.lastIndex;
    const [, isFunction, single, double] = found, text = single ?? double;
    if (text === undefined) continue; // a comment
    functions ||= isFunction !== undefined;
    const plain = text.replace(/\\(.)/g, "$1");
    texts.push(isFunction === undefined ? plain : plain.replaceAll("{c}", "{}"));
  }
  return { texts, functions };
}

/** Reads the file's text; `path` is what errors call it. Throws SyntaxError for a tuple of something else, or none. */
export function parseZeroShotLists(text: string, path: string): ZeroShotLists {
  const templates: Record<string, string[]> = {};
  let classNames: string[] = [];
  for (const [, name, inside] of text.replaceAll("\r\n", "\n").matchAll(tuple)) {
    const { texts, functions } = itemsOf(inside, name, path);
    if (functions) templates[name] = texts;
    else if (name === "IMAGENET_CLASSNAMES") classNames = texts;
  }
  if (classNames.length === 0 || Object.keys(templates).length === 0) {
    throw new SyntaxError(`${path} lists no templates or no IMAGENET_CLASSNAMES`);
  }
  return { templates, classNames };
}
