// What the tests of language share: a small WordNet in its file format, and folders with files.
import { dataRoot } from "../data_utils/golden_files.ts";

/** Lines of index.noun as WordNet has them, licence first; "cat" in two senses, a phrase, a name, a number. */
export const madeIndex = [
  "  1 This is no WordNet, but in its shape  ",
  "  2   ",
  "'hood n 1 2 @ ; 1 0 08641944  ",
  "10 n 1 1 @ 1 1 13746512  ",
  "a n 3 3 @ ~ + 3 0 13658027 13637376 09818022  ",
  "cat n 2 4 @ ~ #m + 2 1 02121620 10153414  ",
  "cat_flap n 1 1 @ 1 0 02121621  ",
  "collie n 1 1 @ 1 0 02106166  ",
  "colly n 1 1 @ 1 0 02106167  ",
  "lens n 5 5 @ ~ #p %p ; 5 1 03656484 02106168 03656485 03656486 03656487  ",
  "lense n 1 2 @ #p 1 0 03656484  ",
  "wolf n 2 2 @ ~ 2 1 02114100 02114101  ",
  "",
].join("\n");

export const madeExceptions = "wolves wolf\ncats-eyes cats-eye\nlice louse\nlice wolf cat\n";

/** A temporary folder with the files, removed at the end of the block it is declared in. */
export async function folderOf(files: Readonly<Record<string, string | Uint8Array>>) {
  const path = await Deno.makeTempDir({ prefix: "language_" });
  for (const [name, content] of Object.entries(files)) {
    await Deno.mkdir(`${path}/${name}`.replace(/\/[^/]*$/, ""), { recursive: true });
    if (typeof content === "string") await Deno.writeTextFile(`${path}/${name}`, content);
    else await Deno.writeFile(`${path}/${name}`, content);
  }
  return { path, [Symbol.asyncDispose]: () => Deno.remove(path, { recursive: true }) };
}

export async function gzip(text: string): Promise<Uint8Array> {
  const packed = new Blob([text]).stream().pipeThrough(new CompressionStream("gzip"));
  return new Uint8Array(await new Response(packed).arrayBuffer());
}

/** A folder beside the checkout, as a path. */
export const sharedPath = (name: string) => decodeURIComponent(new URL(name, dataRoot).pathname);
