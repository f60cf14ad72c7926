// Running the programs of the experiments as a user does, and small data for them.
import { gzip, png, tar } from "../data_utils/made_files.ts";

const root = new URL("../../", import.meta.url);

export const sup = "exps_sup/sup_cli.ts",
  clip = "exps_clip/clip_cli.ts",
  study = "exps_clip/study/study_cli.ts";

/** A program with its arguments, ready to be started. */
export function command(program: string, args: readonly string[], env: Record<string, string> = {}) {
  return new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", "--no-check", new URL(program, root).href, ...args],
    env: { NO_COLOR: "1", ...env },
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
  });
}

/** Runs a program to its end. */
export async function run(program: string, args: readonly string[], env: Record<string, string> = {}) {
  const { code, stdout, stderr } = await command(program, args, env).output();
  return { code, out: new TextDecoder().decode(stdout), err: new TextDecoder().decode(stderr).trim() };
}

export const colours = { red: [220, 30, 30], green: [30, 200, 60], blue: [40, 60, 230] } as const;
export const names = Object.keys(colours) as (keyof typeof colours)[];

/** A 32x32 PNG of one of the colours, a little darker or lighter. */
export function picture(label: number, shade: number, side = 32): Uint8Array {
  const [r, g, b] = colours[names[label]].map((v) => Math.max(0, Math.min(255, v + shade)));
  return png(side, side, [r, g, b]);
}

/**
 * Writes `count` pictures with a table of them (filepath, label, caption), a list of class names, and the same as a
 * gzipped shard. The table ends in one file that is no image and one label that is no class.
 */
export async function writeColours(folder: string, count: number): Promise<void> {
  const rows = ["filepath\tlabel\tcaption"], members: Record<string, string | Uint8Array> = {};
  for (let i = 0; i < count; i++) {
    const label = i % 3, bytes = picture(label, (i % 11) * 4 - 20), key = String(i).padStart(4, "0");
    await Deno.writeFile(`${folder}/${key}.png`, bytes);
    rows.push(`${key}.png\t${label}\ta plain ${names[label]} square number ${i % 5}`);
    Object.assign(members, { [`${key}.png`]: bytes, [`${key}.cls`]: String(label) });
  }
  await Deno.writeTextFile(`${folder}/broken.png`, "no image at all");
  rows.push("broken.png\t0\ta broken square", "0000.png\t7\ta square of no class");
  await Deno.writeTextFile(`${folder}/pairs.tsv`, rows.join("\n") + "\n");
  await Deno.writeTextFile(`${folder}/classes.txt`, names.join("\n") + "\n");
  const shard = gzip(tar(members));
  await Deno.writeFile(`${folder}/shard-0.tar.gz`, shard);
  await Deno.writeFile(`${folder}/cut-0.tar.gz`, shard.subarray(0, shard.length - 60));
}
