// The golden groups of heads and of text: all of both passes, and one bit or one token that differs is noticed.

import { assertEquals, assertMatch } from "@std/assert";
import { referenceEvaluator } from "./evaluator.ts";
import { isFolder, shared } from "./folders.ts";
import { caseNames } from "./fixture.ts";
import { defaultFactors, runCase } from "./runner.ts";

const published = `${shared}/../data/clip-beyond-tail/metadata/heads`;
const ignore = !(isFolder(`${shared}/i_heads`) && isFolder(published) && isFolder(`${shared}/../data/clip`));
if (ignore) console.warn("skipped: ../shared/golden/i_heads, g_text or their data are absent");

const run = (dir: string, group: string, name: string) =>
  runCase(dir, group, name, { evaluator: referenceEvaluator, factor: defaultFactors[group] });

for (const [group, count] of [["i_heads", 1], ["g_text", 2]] as const) {
  Deno.test({
    name: `golden ../shared: all of ${group}`,
    ignore,
    fn: async () => {
      const names = await caseNames(shared, group);
      assertEquals(names.length, count);
      for (const name of names) {
        const { outcome, note } = await run(shared, group, name);
        assertEquals([name, outcome, note], [name, "passed", note]);
      }
    },
  });
}

Deno.test({
  name: "golden i_heads: one bit of one head is a failure, an absent head is named",
  ignore,
  fn: async () => {
    const root = await Deno.makeTempDir({ prefix: "golden heads " }),
      name = "in1k_clip_vitb32_wit400m_a+cname.pt";
    const folder = `${root}/data/clip-beyond-tail/metadata/heads`;
    await Deno.mkdir(folder, { recursive: true });
    await Deno.mkdir(`${root}/golden/i_heads`, { recursive: true });
    const sidecar = JSON.parse(await Deno.readTextFile(`${shared}/i_heads/heads.json`));
    await Deno.writeTextFile(
      `${root}/golden/i_heads/heads.json`,
      JSON.stringify({ ...sidecar, files: { [name]: sidecar.files[name] } }),
    );
    const absent = await run(`${root}/golden`, "i_heads", "heads");
    assertEquals(absent.outcome, "unsupported");
    assertMatch(absent.note, /a\+cname\.pt is absent/);
    const bytes = await Deno.readFile(`${published}/${name}`);
    await Deno.writeFile(`${folder}/${name}`, bytes);
    assertEquals((await run(`${root}/golden`, "i_heads", "heads")).outcome, "passed");
    // The archive's checksum of the values is set to "none", so that the changed bit reaches the comparison.
    const view = new DataView(bytes.buffer);
    const central = bytes.findLastIndex((_, i) => {
      return i + 46 < bytes.length && view.getUint32(i, true) === 0x02014b50 &&
        view.getUint32(i + 24, true) > 9999;
    });
    view.setUint32(central + 16, 0, true);
    bytes[500_001] ^= 1;
    await Deno.writeFile(`${folder}/${name}`, bytes);
    const moved = await run(`${root}/golden`, "i_heads", "heads");
    assertEquals([moved.outcome, moved.factor], ["failed", Infinity]);
    await Deno.remove(root, { recursive: true });
  },
});

Deno.test({
  name: "golden g_text: another token is a failure",
  ignore,
  fn: async () => {
    const root = await Deno.makeTempDir({ prefix: "golden text " });
    await Deno.mkdir(`${root}/golden/g_text`, { recursive: true });
    await Deno.mkdir(`${root}/data/clip`, { recursive: true });
    const bpe = "data/clip/bpe_simple_vocab_16e6.txt.gz";
    await Deno.copyFile(`${shared}/../${bpe}`, `${root}/${bpe}`);
    const sidecar = JSON.parse(await Deno.readTextFile(`${shared}/g_text/tokenizer.json`));
    sidecar.cases.at(-1).ids[1]++;
    await Deno.writeTextFile(`${root}/golden/g_text/tokenizer.json`, JSON.stringify(sidecar));
    const { outcome, note } = await run(`${root}/golden`, "g_text", "tokenizer");
    assertEquals(outcome, "failed");
    assertMatch(note, /^ids of /);
    await Deno.remove(root, { recursive: true });
  },
});
