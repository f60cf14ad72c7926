/** Text in lines, for help and tables. */

/** Breaks a text at its spaces into lines of at most `width` letters; a longer word has a line of its own. */
export function wrap(text: string, width: number): string[] {
  const lines = [""];
  for (const word of text.split(" ")) {
    const last = lines.length - 1;
    if (lines[last] !== "" && lines[last].length + 1 + word.length > width) lines.push(word);
    else lines[last] += (lines[last] && " ") + word;
  }
  return lines;
}
