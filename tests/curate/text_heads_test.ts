// `data text-heads` and `data convert-weights` as a user calls them, over a small tower in every kind of file, against the
// tower computed slowly and the tool's rules written down a second time.
import { assert, assertAlmostEquals, assertEquals, assertNotEquals, assertStringIncludes } from "@std/assert";
import { loadClipTokenizer, openWeights, readSafetensors, writeSafetensors } from "../../data_utils/mod.ts";
import { openTextTower, textTowerWeights } from "../../exps_clip/mod.ts";
import { openGpu } from "../../gpu/mod.ts";
import { call, dict, floats, name, tensor, torchZip } from "../data_utils/made_torch.ts";
import {
  asCheckpoint,
  asTensors,
  asTorchScript,
  bpeText,
  makeWeights,
  SIZES,
  slowEmbeddings,
} from "./made_tower.ts";

const cli = decodeURIComponent(new URL("../../data_utils/data_cli.ts", import.meta.url).pathname);
const dir = await Deno.makeTempDir({ prefix: "text heads " });
Deno.test.afterAll(() => Deno.remove(dir, { recursive: true }));

async function data(...args: string[]) {
  const command = new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", "--no-check", cli, ...args],
    env: { NO_COLOR: "1" },
    cwd: dir,
  });
  const { code, stdout, stderr } = await command.output();
  return { code, out: new TextDecoder().decode(stdout), err: new TextDecoder().decode(stderr).trim() };
}

const weights = makeWeights(7);
const bpe = `${dir}/bpe.txt.gz`,
  zipped = new Blob([bpeText()]).stream().pipeThrough(new CompressionStream("gzip"));
await Deno.writeFile(bpe, zipped);
await writeSafetensors(`${dir}/tower.safetensors`, asTensors(weights));
await writeSafetensors(`${dir}/custom.safetensors`, asTensors(weights, "text."));
await Deno.writeFile(`${dir}/checkpoint.pt`, asCheckpoint(weights));
await Deno.writeFile(`${dir}/script.pt`, asTorchScript(weights));
const tokenizer = await loadClipTokenizer(bpe);

const classes = {
  "tench_fish": 1,
  "2001": 2,
  "great white shark of the very deep and cold sea": 3,
  "a $& {} b": 4,
};
const synsets = {
  n02: ["tench", "tinca tinca"],
  n01: ["goldfish"],
  n03: ["shark", "white shark", "man-eater"],
};
// Written by hand: JSON.stringify would put "2001" first.
await Deno.writeTextFile(
  `${dir}/classes.json`,
  `{"tench_fish": ["a"], "2001": [], "great white shark of the very deep and cold sea": ["x"], "a $& {} b": []}`,
);
await Deno.writeTextFile(`${dir}/synsets.json`, JSON.stringify(synsets));
const lists = {
  OPENAI_IMAGENET_TEMPLATES: ["a bad photo of a {}.", "{} and {}.", "itap of my {}."],
  SIMPLE_IMAGENET_TEMPLATES: ["art of the {}."],
};
await Deno.writeTextFile(`${dir}/templates.json`, JSON.stringify(lists));
const names = ["tench_fish", "2001", "great white shark of the very deep and cold sea", "a $& {} b"];
assertEquals(new Set(names), new Set(Object.keys(classes)));

const length = (row: number[]) => Math.sqrt(row.reduce((sum, v) => sum + v * v, 0));
const unit = (row: number[]) => row.map((v) => v / length(row));
const mean = (rows: number[][]) =>
  rows[0].map((_, d) => rows.reduce((sum, row) => sum + row[d], 0) / rows.length);
const embed = (texts: string[], options = {}) => slowEmbeddings(weights, tokenizer, texts, options);

async function head(file: string) {
  const { head } = await readSafetensors(`${dir}/${file}`);
  const rows = Array.from({ length: head.shape[0] }, (_, r) => {
    return Array.from(head.data.subarray(r * head.shape[1], (r + 1) * head.shape[1]) as Float32Array);
  });
  return { ...head, rows };
}

function assertRows(got: number[][], want: number[][], within = 2e-5) {
  assertEquals(got.length, want.length);
  got.forEach((row, r) => row.forEach((v, d) => assertAlmostEquals(v, want[r][d], within, `row ${r}, ${d}`)));
}

const all = ["--bpe", bpe, "--ann", "classes.json"];
const make = (...args: string[]) => data("text-heads", ...args);

Deno.test("text-heads: every prompt, against the tower computed slowly", async () => {
  const sentences: Record<string, (name: string) => string[]> = {
    a: (n) => [`a ${n}`],
    none: (n) => [n],
    photo: (n) => [`a photo of a ${n}`],
    scene: (n) => [`a photo of a ${n} in the scene`],
    openai: (n) => lists.OPENAI_IMAGENET_TEMPLATES.map((t) => t.split("{}").join(n)),
    simple: (n) => lists.SIMPLE_IMAGENET_TEMPLATES.map((t) => t.split("{}").join(n)),
  };
  for (const [prompt, put] of Object.entries(sentences)) {
    const args = ["--weights", "tower.safetensors", "--prompt", prompt, "--templates", "templates.json"];
    const { code, err } = await make(...all, ...args, "--out", `${prompt}.safetensors`);
    assertEquals(code, 0, err);
    const found = await head(`${prompt}.safetensors`);
    assertEquals([found.shape, found.dtype], [[4, SIZES.out], "f32"]);
    assertRows(found.rows, names.map((n) => unit(mean(embed(put(n))))));
  }
  assertNotEquals((await head("a.safetensors")).rows, (await head("none.safetensors")).rows);
});

Deno.test("text-heads: synonyms are averaged without being made of length 1 again; names are spelled as asked", async () => {
  const args = ["--bpe", bpe, "--weights", "tower.safetensors"];
  const synonyms = await make(
    ...args,
    "--ann",
    "synsets.json",
    "--avg-synonyms",
    "--out",
    "synonyms.safetensors",
  );
  assertEquals(synonyms.code, 0, synonyms.err);
  const want = Object.values(synsets).map((list) => mean(list.map((p) => unit(embed([`a ${p}`])[0]))));
  assert(length(want[2]) < 0.999);
  assertRows((await head("synonyms.safetensors")).rows, want);

  const spaced = await make(
    ...args,
    "--concept_set",
    "classes.json",
    "--fix_space",
    "--raw",
    "--out",
    "spaced.safetensors",
  );
  assertEquals(spaced.code, 0, spaced.err);
  const raw = embed(names.map((n) => `a ${n.replace("_", " ")}`));
  assertRows((await head("spaced.safetensors")).rows, raw, 1e-4);
  const under = await make(
    ...args,
    "--ann",
    "classes.json",
    "--use-underscore",
    "--out",
    "under.safetensors",
  );
  assertEquals(under.code, 0, under.err);
  assertRows(
    (await head("under.safetensors")).rows,
    names.map((n) => unit(embed([`a ${n.replaceAll(" ", "_")}`])[0])),
  );
});

Deno.test("text-heads: the same rows from every kind of file; OpenAI's bend their own way; heads as asked", async () => {
  const kinds = ["custom.safetensors", "checkpoint.pt", "script.pt"];
  for (const file of kinds) {
    const { code, err, out } = await make(
      ...all,
      "--weights",
      file,
      "--raw",
      "--json",
      "--out",
      `${file}.head`,
    );
    assertEquals(code, 0, err);
    const quick = file === "script.pt", facts = JSON.parse(out);
    assertEquals(facts.activation, quick ? "quick_gelu" : "gelu");
    assertRows((await head(`${file}.head`)).rows, embed(names.map((n) => `a ${n}`), { quick }), 1e-4);
  }
  const quick = await make(
    ...all,
    "--weights",
    "tower.safetensors",
    "--quickgelu",
    "--heads",
    "4",
    "--raw",
    "--out",
    "q4",
  );
  assertEquals(quick.code, 0, quick.err);
  assertRows((await head("q4")).rows, embed(names.map((n) => `a ${n}`), { quick: true, heads: 4 }), 1e-4);

  // The note that a conversion leaves keeps OpenAI's bend; the marks in a state dict of theirs do so too.
  assertEquals((await data("convert-weights", "script.pt", "script.safetensors")).code, 0);
  const again = await make(...all, "--weights", "script.safetensors", "--raw", "--out", "again.head");
  assertEquals(again.code, 0, again.err);
  assertEquals(await Deno.readFile(`${dir}/again.head`), await Deno.readFile(`${dir}/script.pt.head`));
  const one = { shape: [], dtype: "i32", data: Int32Array.of(7) } as const;
  const marks = ["input_resolution", "context_length", "vocab_size"].map((name) => ({ name, ...one }));
  await writeSafetensors(`${dir}/marked.safetensors`, [...asTensors(weights), ...marks]);
  using marked = await openWeights(`${dir}/marked.safetensors`);
  assertEquals((await textTowerWeights(marked)).options.activation, "quick_gelu");
});

Deno.test("text-heads: twice the same bytes, --dry-run writes nothing, --compare measures", async () => {
  const args = [...all, "--weights", "checkpoint.pt"];
  const dry = await make(...args, "--out", "dry.safetensors", "--dry-run");
  assertEquals(dry.code, 0, dry.err);
  assertStringIncludes(dry.out, "Would be written, 4 rows");
  assertStringIncludes(dry.out, "4 sentences, the first: a tench_fish");
  assertEquals([...Deno.readDirSync(dir)].filter(({ name }) => name.startsWith("dry")), []);
  for (const file of ["one.safetensors", "two.safetensors"]) {
    const { code, err } = await make(...args, "--out", file);
    assertEquals(code, 0, err);
  }
  const one = await Deno.readFile(`${dir}/one.safetensors`);
  assertEquals(await Deno.readFile(`${dir}/two.safetensors`), one);
  const provenance = JSON.parse(await Deno.readTextFile(`${dir}/one.safetensors.provenance.json`));
  assertEquals(
    provenance.outputs[0].sha256,
    new Uint8Array(await crypto.subtle.digest("SHA-256", one)).toHex(),
  );
  assertEquals(provenance.inputs.map(({ path }: { path: string }) => path), [
    "checkpoint.pt",
    bpe,
    "classes.json",
  ]);

  const rows = (await head("one.safetensors")).rows,
    scaled = rows.map((row, r) => row.map((v) => v * (r + 2)));
  const turned = scaled.map((row, r) => r === 2 ? row.map((v) => -v) : row);
  await Deno.writeFile(
    `${dir}/head.pt`,
    torchZip(tensor({ count: 4 * SIZES.out, shape: [4, SIZES.out], stride: [SIZES.out, 1] }), {
      "0": floats(...turned.flat()),
    }),
  );
  const compared = await make(...args, "--out", "three.safetensors", "--compare", "head.pt", "--json");
  assertEquals(compared.code, 0, compared.err);
  const { comparison } = JSON.parse(compared.out);
  assertAlmostEquals(comparison.least_cosine, -1, 1e-6);
  assertAlmostEquals(comparison.mean_cosine, 0.5, 1e-6);
  assertEquals(comparison.of_class, names[2]);
});

Deno.test("text tower: texts of all lengths, in any company, have the same embedding", async () => {
  using file = await openWeights(`${dir}/tower.safetensors`);
  const gpu = await openGpu(), tower = openTextTower(gpu, await textTowerWeights(file), tokenizer);
  try {
    const words = [..."abcdefghijklmnopqrstuvwxyz"], texts = words.map((_, i) => words.slice(0, i).join(" "));
    const many = Array.from({ length: 150 }, (_, i) => texts[i * 7 % texts.length]);
    const seen: number[] = [], found = await tower.embed(many, { onProgress: (done) => seen.push(done) });
    const want = embed(texts),
      rows = many.map((_, i) => Array.from(found.subarray(i * SIZES.out, (i + 1) * SIZES.out)));
    assertRows(rows, many.map((_, i) => want[i * 7 % texts.length]), 1e-4);
    assertEquals(seen.at(-1), 150);
    assertEquals((await tower.embed([])).length, 0);
    const stop = AbortSignal.abort(new Error("enough"));
    let thrown: unknown;
    await tower.embed(["a"], { signal: stop }).catch((error) => thrown = error);
    assertEquals((thrown as Error).message, "enough");
  } finally {
    tower.destroy();
    gpu.close();
  }
});

Deno.test("text-heads: bad input is one line that names it, with exit code 2 and no output", async () => {
  const write = (file: string, text: string) => Deno.writeTextFile(`${dir}/${file}`, text);
  await write("broken.json", "{");
  await write("list.json", `["a"]`);
  await write("empty.json", "{}");
  await write("flat.json", `{"n01": "tench"}`);
  await write("few.json", `{"SIMPLE_IMAGENET_TEMPLATES": ["no place"]}`);
  const evil = torchZip(dict(["w", call(name("os", "system"))]));
  await Deno.writeFile(`${dir}/evil.pt`, evil);
  await writeSafetensors(`${dir}/image.safetensors`, [{
    name: "visual.w",
    shape: [1],
    dtype: "f32",
    data: Float32Array.of(1),
  }]);
  const short = asTensors(weights).map((t) =>
    t.name === "ln_final.bias" ? { ...t, shape: [8], data: new Float32Array(8) } : t
  );
  await writeSafetensors(`${dir}/short.safetensors`, short);
  await writeSafetensors(
    `${dir}/tokens.safetensors`,
    asTensors(weights).map((t) =>
      t.name === "token_embedding.weight"
        ? { ...t, shape: [100, SIZES.width], data: new Float32Array(1600) }
        : t
    ),
  );
  await writeSafetensors(
    `${dir}/nan.safetensors`,
    asTensors(weights).map((t) =>
      t.name === "ln_final.bias" ? { ...t, data: new Float32Array(SIZES.width).fill(NaN) } : t
    ),
  );
  const ok = ["--weights", "tower.safetensors", "--bpe", bpe, "--ann", "classes.json"];
  const cases: [string[], string][] = [
    [["--bpe", bpe, "--ann", "classes.json"], "--weights is needed"],
    [["--weights", "tower.safetensors", "--bpe", bpe], "--ann is needed"],
    [[...ok, "--concept-set", "classes.json"], "give one"],
    [[...ok, "--prompt", "poem"], "--prompt poem is none of a, none"],
    [[...ok, "--prompt", "openai"], "--templates"],
    [
      [...ok, "--prompt", "simple", "--templates", "few.json"],
      "few.json has no list SIMPLE_IMAGENET_TEMPLATES",
    ],
    [[...ok.slice(0, 4), "--ann", "broken.json"], "broken.json is not JSON"],
    [[...ok.slice(0, 4), "--ann", "list.json"], "list.json must be a JSON object"],
    [[...ok.slice(0, 4), "--ann", "empty.json"], "empty.json names no class"],
    [[...ok.slice(0, 4), "--ann", "flat.json", "--avg-synonyms"], `"n01" has no list of phrases`],
    [[...ok.slice(0, 4), "--ann", "absent.json"], "absent.json"],
    [["--weights", "absent.pt", ...ok.slice(2)], "absent.pt"],
    [["--weights", "evil.pt", ...ok.slice(2)], `evil.pt: it names "os.system"`],
    [["--weights", "image.safetensors", ...ok.slice(2)], "image.safetensors holds no text tower of CLIP"],
    [["--weights", "short.safetensors", ...ok.slice(2)], "ln_final.bias is [8] where [16] is expected"],
    [["--weights", "tokens.safetensors", ...ok.slice(2)], "100 tokens and the tokenizer 49408"],
    [["--weights", "nan.safetensors", ...ok.slice(2)], "is not finite"],
    [["--weights", "classes.json", ...ok.slice(2)], "classes.json"],
    [[...ok, "--heads", "5"], "16 channels do not split into 5 heads"],
    [[...ok, "--compare", "tower.safetensors"], 'none is "head"'],
    [
      ["--weights", "tower.safetensors", "--bpe", "classes.json", "--ann", "classes.json"],
      "classes.json is not a gzip file",
    ],
  ];
  const before = [...Deno.readDirSync(dir)].length;
  for (const [args, message] of cases) {
    const { code, err, out } = await make(...args, "--out", "never.safetensors");
    const lines = err.split("\n").filter((line) => !line.endsWith("sentences embedded"));
    assertEquals([code, lines.length, out], [2, 1, ""], err);
    assertStringIncludes(err, message);
  }
  assertEquals([...Deno.readDirSync(dir)].length, before);
  const over = await make(...ok, "--out", "tower.safetensors");
  assertEquals(over.code, 2);
  assertStringIncludes(over.err, "is an input");
});

Deno.test("convert-weights: values, names and types; what is refused leaves nothing", async () => {
  for (const [dtype, want] of [["keep", "f16"], ["f32", "f32"], ["f16", "f16"]]) {
    const { code, err } = await data(
      "convert-weights",
      "checkpoint.pt",
      `${dtype}.safetensors`,
      "--dtype",
      dtype,
    );
    assertEquals(code, 0, err);
    const found = await readSafetensors(`${dir}/${dtype}.safetensors`);
    assertEquals(Object.keys(found), [...weights.keys()]);
    for (const [key, { shape, data }] of weights) {
      assertEquals([found[key].shape, found[key].dtype], [shape, want as "f32"]);
      assertEquals(Float32Array.from(found[key].data as Float32Array), data, key);
    }
  }
  const big = torchZip(tensor({ count: 2, shape: [2], stride: [1] }), { "0": floats(1, 70_000) });
  await Deno.writeFile(`${dir}/big.pt`, big);
  const single = await data("convert-weights", "big.pt", "big.safetensors", "--dry-run");
  assertEquals(single.code, 0, single.err);
  assertStringIncludes(single.out, "head [2] f32");
  const cases: [string[], string][] = [
    [["big.pt", "big.safetensors", "--dtype", "f16"], "head holds 70000, which f16 has not"],
    [["evil.pt", "x.safetensors"], `evil.pt: it names "os.system"`],
    [["checkpoint.pt", "x.safetensors", "--section", "teacher"], `no section "teacher", but state_dict`],
    [["checkpoint.pt"], "takes FILE.pt and OUT.safetensors"],
    [["checkpoint.pt", "checkpoint.pt"], "is an input"],
    [["absent.pt", "x.safetensors"], "absent.pt"],
  ];
  for (const [args, message] of cases) {
    const { code, err } = await data("convert-weights", ...args);
    assertEquals([code, err.split("\n").length], [2, 1], err);
    assertStringIncludes(err, message);
  }
  const left = [...Deno.readDirSync(dir)].map(({ name }) => name);
  assertEquals(left.filter((name) => /^(x|big)\.safetensors|\.tmp$/.test(name)), []);
  for (const command of ["text-heads", "convert-weights"]) {
    const { code, out } = await data(command, "--help");
    assertEquals(code, 0);
    assertStringIncludes(out, `Example: deno task data ${command}`);
  }
});
