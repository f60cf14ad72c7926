// The experiments' own decisions, without a device: settings, learning rates, captions, what a batch feeds, and the tasks'
// losses in float64 against formulas written out here.
import { assert, assertAlmostEquals, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { createGraph, type HostArray, initialValues, interpret, type RefArray } from "../../gpu/mod.ts";
import {
  buildVocabulary,
  type ImageBatch,
  type ImageSet,
  memorySource,
  parseFlags,
  tokenize,
  WORLD_TEMPLATES,
} from "../../data_utils/mod.ts";
import {
  recipes,
  scheduleOf,
  supRunName,
  supScores,
  type SupSettings,
  supSettings,
  supTask,
  supTrainFlags,
} from "../../exps_sup/mod.ts";
import {
  allCaptions,
  averageRows,
  captioned,
  captionKind,
  captionsOf,
  clipRunName,
  clipSettings,
  clipTask,
  clipTrainFlags,
  compare,
  modelFor,
  templateCaptions,
  textCoding,
} from "../../exps_clip/mod.ts";

const classNames = ["cat", "dog", "owl"];
const data = { classNames, size: 32, count: 100 };
const supOf = (...args: string[]) => supSettings(parseFlags(args, supTrainFlags).values, data);

Deno.test("sup settings: the recipe's values, then the flags'", () => {
  const small = supOf();
  assertEquals([small.arch, small.batchSize, small.steps, small.lr, small.vocabulary], [
    "small",
    64,
    2,
    3e-3,
    null,
  ]);
  const args = ["--recipe", "incaps", "--arch=small", "-b", "16", "--epochs", "3", "--momentum", "0.8"];
  const own = supOf(...args, "--sample_head", "--num_to_sample", "2", "--processes", "4", "--freeze_head");
  assertEquals(own.steps, 18);
  assertEquals(own.optimizer, { name: "sgd", momentum: 0.8, nesterov: false, decay: "all" });
  assertEquals(own.vocabulary, { size: 2, processes: 4, weighting: "linear" });
  assertEquals(own.frozen, ["head"]);
  assertEquals(
    supRunName(own, "a/in caps.v2.tsv", { head: "h/clip_rn50.safetensors" }),
    "small_incaps_supcls_bs16_freezehead_clip_rn50_samplehead2_linear_seed0",
  );
  for (
    const [flags, message] of [
      [["-b", "64", "--accumulate", "3"], "does not split into --accumulate 3"],
      [["--sample-head", "--processes", "5"], "does not split into --processes 5"],
      [["--momentum", "0.5"], "--momentum is for SGD"],
      [["-b", "128"], "100 images do not fill a batch"],
      [["--sample-head", "--logit-adjustment", "1"], "--logit-adjustment adjusts the scores of all classes"],
    ] as const
  ) assertThrows(() => supOf(...flags), RangeError, message);
});

Deno.test("sup rates: warm-up and cosine; the incaps recipes grow with the batch, and fall where they say", () => {
  const small = { ...recipes.small, steps: 100 };
  const rate = scheduleOf(small);
  assertAlmostEquals(rate(0), 3e-3 / 5); // 5 % of 100 steps
  assertAlmostEquals(rate(4), 3e-3);
  assertAlmostEquals(rate(5 + 95 / 2), 3e-3 / 2, 1e-12);
  assert(rate(99) < 2e-6);
  const paper = scheduleOf({ ...recipes.incaps_paper, batchSize: 1024, steps: 90 });
  assertEquals([29, 30, 50, 70].map((step) => Number(paper(step).toPrecision(6))), [
    0.4,
    0.04,
    0.004,
    0.0004,
  ]);
  const thirds = scheduleOf({ ...recipes.incaps, schedule: "step", steps: 9 });
  assertEquals([0, 2, 3, 6].map((step) => Number(thirds(step).toPrecision(6))), [0.1, 0.1, 0.01, 0.001]);
});

/** A set of random images, two of each class. */
function images(captions: string[] | null = null): ImageSet {
  const labels = Int32Array.of(0, 1, 2, 0, 1, 2), count = labels.length;
  return {
    images: Uint8Array.from({ length: count * 32 * 32 * 3 }, (_, i) => (i * 7919) % 256),
    shape: [count, 32, 32, 3],
    labels,
    captions,
    keys: Array.from(labels, String),
    classNames,
    skipped: [],
  };
}

/** Values of every parameter of a graph, and of a batch, for the float64 interpreter. */
function leaves(graph: ReturnType<typeof createGraph>, feed: Readonly<Record<string, HostArray>>) {
  const wide = (values: ArrayLike<number>, shape: readonly number[]): RefArray => {
    return { data: Float64Array.from(values), shape: [...shape] };
  };
  const params = new Map(
    [...graph.params.values()].map((spec) => [spec.name, wide(initialValues(spec, 3), spec.shape)]),
  );
  const inputs = new Map(Object.entries(feed).map(([name, { data, shape }]) => [name, wide(data, shape)]));
  return { params, inputs, scalars: new Map([["step", 0], ["seed", 0]]) };
}

const firstBatch = () =>
  [...memorySource(images()).batches({ batchSize: 4, seed: 0 }) as Iterable<ImageBatch>][0];

const tiny: SupSettings = {
  ...supOf("-b", "4"),
  tower: { layers: [1, 1, 1, 1], width: 2, outputDim: 8 },
};

Deno.test("sup task: cross entropy of scaled cosines, over all classes or over each process's own", () => {
  for (const vocabulary of [null, { size: 2, processes: 2, weighting: "linear" as const }]) {
    const task = supTask({ ...tiny, vocabulary }, { frequencies: [5, 1, 0], count: 6 });
    const graph = createGraph(), { loss, clamp } = task.build(graph), feed = task.feed(firstBatch());
    assertEquals(clamp, { logit_scale: [0, Math.log(100)] });
    const values = leaves(graph, feed);
    const logits = graph.nodes.find(({ op }) => op === "crossEntropy")!.inputs[0];
    const [{ data: [mean] }, { data: scores, shape: [rows, columns] }] = interpret([loss, logits], values);
    assertEquals([rows, columns], [4, vocabulary ? 2 : 3]);
    const targets = feed.targets.data;
    let sum = 0;
    for (let r = 0; r < 4; r++) {
      const row = Array.from(scores.subarray(r * columns, (r + 1) * columns));
      sum += Math.log(row.reduce((all, x) => all + Math.exp(x), 0)) - row[targets[r]];
      for (const x of row) assert(x < -1e29 || Math.abs(x) <= 1 / 0.07 + 1e-6, `${x} is no scaled cosine`);
    }
    assertAlmostEquals(mean, sum / 4, 1e-9);
  }
});

Deno.test("sup task: sub-vocabularies follow frequency, belong to the batch, and are the same when fed again", () => {
  const vocabulary = { size: 2, processes: 4, weighting: "linear" as const };
  const task = supTask({ ...tiny, vocabulary }, { frequencies: [5, 1, 0], count: 6 }), batch = firstBatch();
  const { vocabulary: { data: index }, vocabulary_bias: { data: bias }, targets } = task.feed(batch);
  assertEquals(task.feed(batch).vocabulary.data, index);
  for (let p = 0; p < 4; p++) {
    const classes = [index[2 * p], index[2 * p + 1]].filter((_, i) => bias[2 * p + i] === 0);
    assertEquals(classes[targets.data[p]], batch.labels.data[p]);
    // The class that never occurs is not drawn: beside the row's own stands one of the others.
    assertEquals(classes.filter((c) => c !== batch.labels.data[p]).every((c) => c !== 2), true);
  }
});

Deno.test("sup task: logit adjustment adds the logarithm of the class's share, in training only", () => {
  const build = (logitAdjustment: number) => {
    const task = supTask({ ...tiny, logitAdjustment }, { frequencies: [6, 2, 0], count: 6 });
    const graph = createGraph(), { loss } = task.build(graph), feed = task.feed(firstBatch());
    const scored = graph.nodes.find(({ op }) => op === "crossEntropy")!.inputs[0];
    const [, logits] = interpret([loss, scored], leaves(graph, feed));
    return Array.from(logits.data);
  };
  const plain = build(0), adjusted = build(2);
  plain.forEach((logit, i) => {
    const share = [6 / 8, 2 / 8, 0][i % 3];
    if (share > 0) assertAlmostEquals(adjusted[i] - logit, 2 * Math.log(share), 1e-6);
    else assert(adjusted[i] < -1e29, "a class without images is not scored");
  });
  const asksForPrior = (build: (graph: ReturnType<typeof createGraph>) => unknown) => {
    const graph = createGraph();
    build(graph);
    return graph.nodes.some(({ attrs }) => attrs.name === "log_prior");
  };
  const own = { ...tiny, logitAdjustment: 1 }, data = { frequencies: [6, 2, 0], count: 6 };
  assertEquals(asksForPrior((graph) => supTask(own, data).build(graph)), true);
  assertEquals(asksForPrior((graph) => supScores(graph, own, 4)), false);
});

Deno.test("sup task: frozen parts do not train", () => {
  const names = (frozen: SupSettings["frozen"]) => {
    const graph = createGraph();
    supTask({ ...tiny, frozen }, { frequencies: [], count: 6 }).build(graph);
    return [...graph.params.values()].filter((spec) => spec.trainable).map((spec) => spec.name);
  };
  assert(names([]).includes("head") && names([]).includes("visual.conv1.weight"));
  assertEquals(names(["visual", "attnpool", "head"]), ["logit_scale"]);
  assert(
    names(["visual"]).every((name) => !name.startsWith("visual.") || name.startsWith("visual.attnpool.")),
  );
});

Deno.test("captions: a source's own, or prompts where they only repeat the class names", () => {
  const names = ["Cat", "dog", "owl", "cat", "", "owl"];
  assertEquals(captionKind(memorySource(images(names))), "templates");
  assertEquals(captionKind(memorySource(images(["a cat asleep", ...names.slice(1)]))), "own");
  assertEquals(captionKind(memorySource(images())), "templates");
  const unlabelled = { ...images(), labels: new Int32Array(6).fill(-1) };
  assertThrows(() => captionKind(memorySource(unlabelled)), RangeError, "have no captions");
});

Deno.test("captions: each image and epoch draws its own prompt, evenly, and the same again", () => {
  const source = { labels: new Int32Array(3000).fill(1), classNames };
  const captionOf = templateCaptions(source, WORLD_TEMPLATES, 5);
  const all = [...allCaptions(captionOf, 3000, 2)];
  assertEquals(all.length, 6000);
  assertEquals([...allCaptions(templateCaptions(source, WORLD_TEMPLATES, 5), 3000, 2)], all);
  const counts = new Map<string, number>();
  for (const caption of all) counts.set(caption, (counts.get(caption) ?? 0) + 1);
  assertEquals([...counts.keys()].sort(), WORLD_TEMPLATES.map((t) => t.replace("{}", "dog")).sort());
  for (const count of counts.values()) assert(Math.abs(count - 1000) < 150, `${count} of 1000`);
  const changed = all.slice(0, 3000).filter((caption, i) => caption !== all[3000 + i]).length;
  assert(Math.abs(changed - 2500) < 150, `${changed} changed`);
  assert(templateCaptions(source, WORLD_TEMPLATES, 6)(0, 0) !== undefined);
});

Deno.test("text coding: rows hold the longest caption, rounded up to whole vec4s, within the limit", async () => {
  const captions = ["a dog", "this is a very small owl"];
  const { tokenizer, contextLength } = await textCoding(() => captions, { bpe: null, most: 77 });
  assertEquals(contextLength, 8); // six words and two marks
  assertEquals(
    (await textCoding(() => ["this is a very small grey owl"], { bpe: null, most: 77 })).contextLength,
    12,
  );
  assertEquals((await textCoding(() => captions, { bpe: null, most: 6 })).contextLength, 6);
  const source = memorySource(images(["a dog", ...new Array(5).fill("this is a very small owl")]));
  const captionOf = captionsOf(source, { captions: "own", templates: [], seed: 0 });
  const order = { batchSize: 6, seed: 0, shuffle: false };
  for await (const { text } of captioned(source.batches(order), captionOf, { tokenizer, contextLength })) {
    assertEquals([text.shape, text.eot[0], text.eot[1]], [[6, 8], 3, 7]);
    assertEquals(tokenizer.decode(text.data.subarray(1, 3)), "a dog");
  }
});

Deno.test("clip settings: the recipe's values, then the flags'", async () => {
  const coding = { tokenizer: await buildVocabulary(["a dog"]), contextLength: 12 };
  const text = { ...coding, captions: "templates" as const, templates: WORLD_TEMPLATES };
  const of = (...args: string[]) => clipSettings(parseFlags(args, clipTrainFlags).values, data, text);
  const small = of();
  assertEquals([small.lr, small.betas, small.steps, small.warmup], [2e-3, [0.9, 0.98], 2, 0.05]);
  assertEquals(small.model.text, { width: 64, heads: 2, layers: 2, vocabSize: 6, contextLength: 12 });
  assertEquals(small.model.vision.strides, [1, 1, 2, 2]);
  assertEquals(modelFor("small", { size: 64, vocabSize: 9, contextLength: 8 }).vision.strides, undefined);
  const own = of(
    "--recipe",
    "open_clip",
    "--model",
    "small",
    "--batch_size=8",
    "--beta2",
    "0.95",
    "--lock-text",
  );
  assertEquals([own.lr, own.betas, own.decay, own.frozen], [1e-3, [0.9, 0.95], "open_clip", ["text"]]);
  assertEquals(clipRunName(own, 32), "small-lr_0.001-b_8-e_32-p_fp32-freezetext-seed_0");
  assertThrows(() => of("--accum-freq", "3"), RangeError, "does not split into --accum-freq 3");
  assertThrows(() => of("--lock-text", "--lock-image"), RangeError, "nothing would train");
});

Deno.test("clip task: the mean of both cross entropies over the batch; locked towers do not train", async () => {
  const tokenizer = await buildVocabulary(["a small cat dog owl"]);
  const model = {
    embedDim: 8,
    vision: { layers: [1, 1], width: 2 },
    text: { width: 8, heads: 2, layers: 1, vocabSize: tokenizer.vocabSize, contextLength: 8 },
  };
  const parsed = parseFlags(["-b", "4", "--lock-text"], clipTrainFlags).values;
  const text = { tokenizer, contextLength: 8, captions: "own" as const, templates: [] };
  const task = clipTask({ ...clipSettings(parsed, data, text), model });
  const graph = createGraph(), { features } = task.towers(graph), { loss } = task.head(graph, features);
  const captions = ["a cat", "a small dog", "owl", "a cat"];
  const feed = task.feed({ ...firstBatch(), captions, text: tokenize(tokenizer, captions, 8) });
  const [{ data: [value] }, image, words] = interpret([loss, ...features], leaves(graph, feed));
  const { clip_val_loss } = compare(Float32Array.from(image.data), Float32Array.from(words.data), {
    ...{ pairs: 4, width: 8, batchSize: 4, logitScale: Math.log(1 / 0.07) },
  });
  assertAlmostEquals(value, clip_val_loss, 1e-4);
  for (let i = 0; i < 8; i++) assertAlmostEquals(words.data[i], words.data[24 + i], 1e-12); // the same caption
  const trained = [...graph.params.values()].filter((spec) => spec.trainable).map((spec) => spec.name);
  assert(trained.includes("logit_scale") && trained.includes("visual.conv1.weight"));
  assertEquals(trained.filter((name) => !name.startsWith("visual.")), ["logit_scale"]);
});

Deno.test("zero-shot: a class's row is the normalised mean of its prompts", () => {
  assertEquals(
    averageRows(Float32Array.of(1, 0, 0, 1, 0, 2, 0, 4), 2, 2),
    Float32Array.of(
      Math.fround(Math.SQRT1_2),
      Math.fround(Math.SQRT1_2),
      0,
      1,
    ),
  );
});

Deno.test("retrieval: loss and ranks of a case done by hand; equal texts count as one", () => {
  const images = Float32Array.of(1, 0, 0, 1, 1, 0), texts = Float32Array.of(1, 0, 0.6, 0.8, 1, 0);
  const { clip_val_loss, image_to_text, text_to_image, pairs } = compare(images, texts, {
    ...{ pairs: 3, width: 2, batchSize: 2, logitScale: 0 },
  });
  assertEquals(pairs, 3);
  // similarities of the first batch: [[1, .6], [0, .8]]
  const lse = (...values: number[]) => Math.log(values.reduce((sum, v) => sum + Math.exp(v), 0));
  const expected = (lse(1, 0.6) + lse(0, 0.8) + lse(1, 0) + lse(0.6, 0.8)) / 2 - 1.8;
  assertAlmostEquals(clip_val_loss, expected / 2, 1e-6);
  assertEquals(image_to_text, { r1: 1, r5: 1, r10: 1, mean_rank: 1, median_rank: 1 });
  assertEquals(text_to_image.r1, 1);
  const worse = compare(Float32Array.of(1, 0, 0, 1), Float32Array.of(0, 1, 1, 0), {
    ...{ pairs: 2, width: 2, batchSize: 2, logitScale: 0 },
  });
  assertEquals([worse.image_to_text.r1, worse.image_to_text.mean_rank], [0, 2]);
});

Deno.test("text coding: CLIP's byte pairs need their file", async () => {
  await assertRejects(() => textCoding(() => ["a"], { bpe: "no/such.gz", most: 77 }), Deno.errors.NotFound);
});
