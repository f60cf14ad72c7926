/** A JSON value's own text on one line: nothing is parsed, so that no number loses a digit and no key its place. */

const LF = 10, CR = 13, QUOTE = 34, BACKSLASH = 92;
const isBlank = (byte: number) => byte === 32 || byte === 9 || byte === LF || byte === CR;

/** The text without the blanks around it and, where it has line breaks, without those between its parts. */
export function oneLine(text: Uint8Array): Uint8Array {
  let from = 0, to = text.length;
  while (from < to && isBlank(text[from])) from++;
  while (to > from && isBlank(text[to - 1])) to--;
  const trimmed = text.subarray(from, to);
  if (!trimmed.includes(LF) && !trimmed.includes(CR)) return trimmed;
  const kept = new Uint8Array(trimmed.length);
  let length = 0, quoted = false, escaped = false;
  for (const byte of trimmed) {
    if (!quoted && isBlank(byte)) continue;
    kept[length++] = byte;
    if (escaped) escaped = false;
    else if (quoted && byte === BACKSLASH) escaped = true;
    else if (byte === QUOTE) quoted = !quoted;
  }
  return kept.subarray(0, length);
}
