// The cases of g_text: CLIP's tokenizer, and the zero-shot classifier that a text tower makes of class names. The list of
// byte pairs is looked for in `data/clip` beside the golden folder.

import * as nn from "../../gpu/nn/mod.ts";
import * as ops from "../../gpu/ops/mod.ts";
import { cleanCaption, fillPrompts, loadClipTokenizer, tokenize } from "../../data_utils/text/mod.ts";
import { type Build, checkGraph, Unsupported } from "./case_graph.ts";
import { type Check, exactness } from "./compare.ts";
import type { Evaluator } from "./evaluator.ts";
import { type Fixture, tensorOf } from "./fixture.ts";

const same = (what: string, got: unknown, want: unknown): Check => {
  return {
    what: `${what}: ${JSON.stringify(got)}`,
    factor: JSON.stringify(got) === JSON.stringify(want) ? 0 : Infinity,
  };
};

async function clipTokenizerOf(fixture: Fixture) {
  const url = new URL("../../data/clip/bpe_simple_vocab_16e6.txt.gz", fixture.folder);
  const path = decodeURIComponent(url.pathname);
  if (!(await Deno.stat(path).catch(() => null))?.isFile) throw new Unsupported(`${path} is absent`);
  return await loadClipTokenizer(path);
}

async function tokenizer(fixture: Fixture): Promise<Check[]> {
  const clip = await clipTokenizerOf(fixture), { attrs, sidecar } = fixture;
  const checks = [
    exactness("sizes", [clip.vocabSize, clip.sot, clip.eot], [attrs.vocab_size, attrs.sot, attrs.eot]),
    same("decode", clip.decode(sidecar.decode.ids), sidecar.decode.text),
  ];
  for (const { text, cleaned, ids, truncated, full_length: length, decoded } of sidecar.cases) {
    const what = JSON.stringify(text), all = clip.encode(text), context: number = attrs.context_length;
    const { data, eot } = tokenize(clip, [text], context);
    checks.push(
      same(`cleaned ${what}`, cleanCaption(text), cleaned),
      exactness(`ids of ${what}`, data.subarray(0, eot[0] + 1), ids),
      exactness(`padding of ${what}`, data.subarray(eot[0] + 1), new Int32Array(context - ids.length)),
      same(`length of ${what}`, [all.length, all.length > context - 2], [length, truncated]),
      same(`decoded ${what}`, clip.decode(all), decoded),
    );
  }
  for (const { text, context_length: context, ids } of sidecar.short_context) {
    checks.push(
      exactness(`${context} ids of ${JSON.stringify(text)}`, tokenize(clip, [text], context).data, ids),
    );
  }
  return checks;
}

const classifier: Build = (c) => {
  const { context, vocab, width, heads, layers, output_dim: outputDim, classnames, templates } = c.attrs;
  const options = { contextLength: context, vocabSize: vocab, width, heads, layers, outputDim };
  const embeddings = nn.textTransformer(c.scope, c.input("text"), options), classes = classnames.length;
  const normalized = ops.l2Normalize(embeddings), each = templates.length;
  const byClass = ops.reshape(normalized, [classes, each, outputDim]);
  const mean = ops.reshape(ops.mean(byClass, { axes: [1] }), [classes, outputDim]),
    rows = ops.l2Normalize(mean);
  const first = ops.reshape(ops.slice(byClass, { ends: [classes, 1, outputDim] }), [classes, outputDim]);
  const images = ops.l2Normalize(c.input("image_features"));
  return {
    embeddings,
    normalized,
    template_mean: mean,
    weights: ops.permute(rows, [1, 0]),
    weights_first_template: ops.permute(ops.l2Normalize(first), [1, 0]),
    logits: ops.mulScalar(ops.matmul(images, rows, { tb: true }), 100),
  };
};

/** The classifier, and that the sentences and their ids are those this project would make. */
async function zeroShotWeights(fixture: Fixture, evaluator: Evaluator): Promise<Check[]> {
  const { vocab, context, classnames, templates } = fixture.attrs, clip = await clipTokenizerOf(fixture);
  const texts = fillPrompts(templates, classnames);
  const folded = tokenize(clip, texts, context).data.map((id) => {
    return id === 0 ? 0 : id === clip.sot ? vocab - 2 : id === clip.eot ? vocab - 1 : id % (vocab - 3) + 1;
  });
  return [
    same("texts", texts, fixture.sidecar.texts),
    exactness("in/text", folded, tensorOf(fixture, "in/text").data),
    ...await checkGraph(fixture, classifier, evaluator),
  ];
}

/** Checks by the sidecar's `op`. */
export const textCases: Readonly<
  Record<string, (fixture: Fixture, evaluator: Evaluator) => Promise<Check[]>>
> = { clip_tokenizer: tokenizer, zero_shot_classifier: zeroShotWeights };
