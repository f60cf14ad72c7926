/** Keys of JSON files whose order means something. */

/** Parses a file's JSON text. Throws SyntaxError naming the file. */
export function parseJson(text: string, file: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new SyntaxError(`${file} is not JSON: ${(error as Error).message}`);
  }
}

/**
 * The keys of a JSON object in the order of its text, each once. A parsed object would have those that look like
 * numbers first: "2001" before "abbey". Throws SyntaxError naming `file` for what is no JSON object.
 */
export function jsonKeys(text: string, file: string): string[] {
  const content = parseJson(text, file);
  if (typeof content !== "object" || content === null || Array.isArray(content)) {
    throw new SyntaxError(`${file} must be a JSON object with class names as keys`);
  }
  const keys = new Set<string>();
  let depth = 0;
  for (const [mark, string, colon] of text.matchAll(/("(?:[^"\\]|\\.)*")(\s*:)?|[{}[\]]/g)) {
    if (string === undefined) depth += mark === "{" || mark === "[" ? 1 : -1;
    else if (depth === 1 && colon !== undefined) keys.add(JSON.parse(string));
  }
  return [...keys];
}
