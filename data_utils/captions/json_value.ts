/** The caption in a JSON value, as it stands in arrays and in the .json members of archives. */
import { CAPTION_NAMES } from "./column.ts";
import type { CaptionPacker } from "./pack.ts";

const strict = new TextDecoder("utf-8", { fatal: true }), lenient = new TextDecoder();

/** A value with the word whether its bytes were UTF-8. Throws SyntaxError when they are no JSON. */
export function parseJson(bytes: Uint8Array): { value: unknown; valid: boolean } {
  let text: string, valid = true;
  try {
    text = strict.decode(bytes);
  } catch {
    text = lenient.decode(bytes);
    valid = false;
  }
  return { value: JSON.parse(text), valid };
}

/** Whether a value is an object with keys. */
export const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/** The first of the names of captions that an object has as a key; undefined when it is no object or has none. */
export function captionKey(value: unknown): string | undefined {
  return isObject(value) ? CAPTION_NAMES.find((name) => Object.hasOwn(value, name)) : undefined;
}

/** Adds the caption of a value: that of `key`, or with null the value itself, which is then a string. */
export function packJson(
  packer: CaptionPacker,
  bytes: Uint8Array,
  key: string | null,
  record?: Uint8Array,
): void {
  let parsed;
  try {
    parsed = parseJson(bytes);
  } catch {
    return packer.leaveOut("malformed");
  }
  const { value, valid } = parsed;
  if (value !== null && key !== null && !isObject(value)) return packer.leaveOut("malformed");
  const caption = isObject(value) && key !== null ? Object.hasOwn(value, key) ? value[key] : null : value;
  if (caption === null) packer.add(null, record);
  else if (typeof caption === "string") packer.addText(caption, !valid && caption.includes("\ufffd"), record);
  else packer.leaveOut("malformed");
}
