/** Which state of this project is running, for the files that say what made an output. */

/** The version that CHANGELOG.md calls this state. */
export const VERSION = "0.1.0-unreleased";

/** The commit of the checkout that this module stands in, or null outside of one (imported by URL, an export). */
export async function checkedOutCommit(): Promise<string | null> {
  const folder = import.meta.dirname;
  if (folder === undefined) return null;
  const read = (path: string) => Deno.readTextFile(`${folder}/../../.git/${path}`).catch(() => "");
  const head = (await read("HEAD")).trim(), branch = /^ref: (.+)$/.exec(head)?.[1];
  if (branch === undefined) return /^[0-9a-f]{40,64}$/.test(head) ? head : null;
  const loose = (await read(branch)).trim();
  if (loose !== "") return loose;
  const packed = (await read("packed-refs")).split("\n").find((line) => line.endsWith(` ${branch}`));
  return packed?.split(" ")[0] ?? null;
}
