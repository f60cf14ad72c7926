// `golden` as a user calls it: what it prints and its exit code, over a copy of some fixtures of which one is made wrong.

import { assert, assertEquals, assertMatch } from "@std/assert";
import { fixtures } from "./folders.ts";

const cli = decodeURIComponent(new URL("../golden_cli.ts", import.meta.url).pathname);

async function golden(...args: string[]) {
  const command = new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", "--no-check", cli, ...args],
    env: { NO_COLOR: "1" },
  });
  const { code, stdout, stderr } = await command.output();
  return { code, out: new TextDecoder().decode(stdout), err: new TextDecoder().decode(stderr).trim() };
}

const chosen: Record<string, string[]> = {
  a_ops: ["add_row", "div_row", "matmul_1x1x1_NN"],
  b_optim: ["schedule_torch_step"],
};

/** A folder with the chosen cases. Of `div_row` an output is moved by a hundredth, `matmul_1x1x1_NN` gets another op. */
async function alteredFolder(): Promise<string> {
  const dir = await Deno.makeTempDir({ prefix: "golden with spaces " });
  for (const [group, cases] of Object.entries(chosen)) {
    await Deno.mkdir(`${dir}/${group}`);
    await Deno.writeTextFile(
      `${dir}/${group}/index.json`,
      JSON.stringify({ format: "golden/1", group, cases }),
    );
    for await (const { name } of Deno.readDir(`${fixtures}/${group}`)) {
      if (cases.includes(name.replace(/\.\w+$/, ""))) {
        await Deno.copyFile(`${fixtures}/${group}/${name}`, `${dir}/${group}/${name}`);
      }
    }
  }
  const wrong = `${dir}/a_ops/div_row.safetensors`, bytes = await Deno.readFile(wrong);
  const view = new DataView(bytes.buffer), start = 8 + Number(view.getBigUint64(0, true));
  const header = JSON.parse(new TextDecoder().decode(bytes.subarray(8, start)));
  const at = start + header["out/y"].data_offsets[0];
  view.setFloat32(at, view.getFloat32(at, true) * 1.01, true);
  await Deno.writeFile(wrong, bytes);
  const other = `${dir}/a_ops/matmul_1x1x1_NN.json`, sidecar = JSON.parse(await Deno.readTextFile(other));
  await Deno.writeTextFile(other, JSON.stringify({ ...sidecar, op: "fold" }));
  return dir;
}

Deno.test("golden: prints each case and its factor, fails by name, and passes without what is excepted", async () => {
  const dir = await alteredFolder();
  const [text, json, except, wide, group] = await Promise.all([
    golden("--dir", dir, "--except", "matmul_*"),
    golden("--dir", dir, "--reference", "--json"),
    golden("--dir", dir, "--reference", "--except", "div_row,matmul_*"),
    golden("--dir", dir, "--reference", "--except", "matmul_*", "--factor", "1e6"),
    golden("--dir", dir, "--reference", "--group", "b_optim"),
  ]);
  assertEquals(text.code, 1, text.err);
  const lines = text.out.trim().split("\n");
  assertMatch(lines[0], /^passed +(exact|\d\S*) +a_ops\/add_row$/);
  assertMatch(lines[1], /^failed +[\d.]+(e\+\d+)? +a_ops\/div_row {2}out\/y/);
  assertMatch(lines[2], /^excepted +a_ops\/matmul_1x1x1_NN$/);
  assertMatch(lines[3], /^passed +(exact|\d\S*) +b_optim\/schedule_torch_step$/);
  assertMatch(lines[4], /^.+ \((software|gpu)\): 2 passed, 1 failed, 1 excepted$/);

  assertEquals(json.code, 1);
  const { cases, ...sums } = JSON.parse(json.out);
  const counts = { passed: 2, failed: 2, unsupported: 1, excepted: 0 };
  assertEquals(sums, { dir, evaluator: "float64 reference", ...counts });
  type Case = {
    group: string;
    name: string;
    op: string;
    outcome: string;
    factor: number | null;
    note: string;
  };
  const [add, div, matmul, schedule]: Case[] = cases;
  assertEquals([add.group, add.name, add.op, add.outcome], ["a_ops", "add_row", "add", "passed"]);
  assertEquals([div.name, div.outcome, div.note], ["div_row", "failed", "out/y"]);
  assert(add.factor! <= 1 && div.factor! > 100, `${add.factor} ${div.factor}`);
  assertEquals([matmul.outcome, matmul.factor], ["unsupported", null]);
  assertEquals([schedule.group, schedule.outcome], ["b_optim", "passed"]);

  assertEquals([except.code, wide.code, group.code], [0, 0, 0]);
  assertMatch(except.out, /: 2 passed, 0 failed, 2 excepted$/m);
  assertMatch(wide.out, /: 3 passed, 0 failed, 1 excepted$/m);
  assertMatch(group.out, /: 1 passed, 0 failed$/m);
  await Deno.remove(dir, { recursive: true });
});

Deno.test("golden: one line and code 2 for flags and folders that are none", async () => {
  const empty = await Deno.makeTempDir();
  const cases: [string[], RegExp][] = [
    [["--dir", fixtures, "--fast"], /^Unknown argument --fast; --help lists the flags$/],
    [["--dir", fixtures, "--factor", "none"], /^--factor none is no number above 0$/],
    [["--dir", fixtures, "--precision", "double"], /^--precision double is neither plain nor compensated$/],
    [["--dir", fixtures, "--factor=-1"], /^--factor -1 is no number above 0$/],
    [["--dir", `${empty}/nowhere`], /^.*nowhere is no folder that can be read; give one with --dir$/],
    [["--dir", empty], /holds no group of fixtures/],
    [
      ["--dir", fixtures, "--group", "d_more"],
      /has no group d_more; it has a_ops, b_optim, c_modules, e_metrics$/,
    ],
  ];
  await Promise.all(cases.map(async ([args, line]) => {
    const { code, out, err } = await golden(...args);
    assertEquals([code, out], [2, ""], err);
    assertMatch(err, line);
  }));
  const help = await golden("--help");
  assertEquals(help.code, 0);
  assertMatch(help.out, /^Example: /m);
  await Deno.remove(empty);
});
