/** YFCC100M's texts: Flickr's users wrote them with HTML, and the table holds them as a web form sends them. */

const bytesOf = (run: string) => Uint8Array.from(run.slice(1).split("%"), (hex) => parseInt(hex, 16));

/** "a+b%21" as "a b!"; what is no such encoding stays as it is, and bytes that are no UTF-8 become U+FFFD. */
export function decodeForm(text: string): string {
  return text.replaceAll("+", " ")
    .replace(
      /(?:%[0-9a-f]{2})+/gi,
      (run) => new TextDecoder("utf-8", { ignoreBOM: true }).decode(bytesOf(run)),
    );
}

/** Without tags of HTML, and with one space for every run of white space. */
export function plainText(text: string): string {
  const withoutMarks = text.replace(/<\/?(?:a|b|i|u|em|strong)\b[^<>]*>/gi, "");
  return withoutMarks.replace(/<\/?[a-z][^<>]*>/gi, " ").trim().replace(/\s+/g, " ");
}

/** The texts as a caption, joined by a space. They are encoded unless one holds white space, which none does then. */
export function yfccCaption(...texts: readonly string[]): string {
  const encoded = !texts.some((text) => /\s/.test(text.trim()));
  return texts.map((text) => plainText(encoded ? decodeForm(text) : text)).filter((text) => text !== "").join(
    " ",
  );
}
