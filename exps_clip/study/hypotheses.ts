// What the study asks, as data, written before its numbers. A hypothesis rests on contrasts: weighted sums of arms' mean
// rank correlations of class frequency and predictions that should exceed 0. What is said not to happen is stated as
// such a sum too ("removes less than half"), so that a wide interval never counts as evidence of no effect.
// verdicts.ts answers them.

/** A weighted sum of arms' mean correlations of frequency and predictions that should exceed 0. */
export interface Contrast {
  readonly statement: string;
  readonly weights: Readonly<Record<string, number>>;
  /** An arm that stands for another where that one was not trained. */
  readonly standIn?: { readonly of: string; readonly by: string };
}

/** Holds where all its contrasts do. */
export interface Hypothesis {
  readonly id: string;
  readonly statement: string;
  /** Who says so, and where. */
  readonly source: string;
  readonly contrasts: readonly Contrast[];
}

/**
 * What makes CLIP more robust to long-tailed pre-training data (NeurIPS 2024), first named Generalization beyond data
 * imbalance. Its numbers below are read from the figures of its published notebooks.
 */
const wen = "Wen et al. 2024, arXiv:2405.21070";

/** Long-tail learning via logit adjustment (ICLR 2021). */
const menon = "Menon et al. 2021, arXiv:2007.07314";

/** A frozen head is that of CLIP with rich captions, or with templates where images have no captions of their own. */
const headFrom = { of: "clip_rich", by: "clip_templates" } as const;

export const hypotheses: readonly Hypothesis[] = [
  {
    id: "sl_follows_frequency",
    statement: "Premise: the predictions of supervised learning (SL) follow class frequency",
    source: `${wen}, figure 1b: 0.76 to 0.83 on three data sets`,
    contrasts: [{ statement: "SL's correlation exceeds 0", weights: { sl_full: 1 } }],
  },
  {
    id: "clip_follows_frequency_less",
    statement: "CLIP's predictions follow class frequency less than SL's, also at matched accuracy",
    source: `${wen}, figure 1b: 0.13 to 0.27 against 0.76 to 0.83`,
    contrasts: [
      { statement: "CLIP less than SL", weights: { sl_full: 1, clip_templates: -1 } },
      {
        statement: "CLIP less than SL stopped at CLIP's accuracy",
        weights: { sl_matched: 1, clip_templates: -1 },
      },
    ],
  },
  {
    id: "rich_clip_follows_frequency_less",
    statement:
      "With rich captions, too, CLIP's predictions follow class frequency less than SL's (accuracy not matched)",
    source: `${wen}, notebook text_desc_and_voc, heads from scratch: full text 0.08, SL 0.57`,
    contrasts: [{
      statement: "CLIP with rich captions less than SL",
      weights: { sl_full: 1, clip_rich: -1 },
    }],
  },
  {
    id: "sub_vocabulary_lowers_bias",
    statement: "A frequency-weighted sub-vocabulary lowers SL's bias, a uniform one does not",
    source: `${wen}, notebook text_desc_and_voc: from 0.57 with 1000 classes to 0.10 with 100`,
    contrasts: [
      { statement: "frequency-weighted: less than SL", weights: { sl_full: 1, sl_sub: -1 } },
      {
        statement: "uniform: removes less than half of what frequency-weighted removes",
        weights: { sl_full: -0.5, sl_sub: -0.5, sl_sub_uniform: 1 },
      },
    ],
  },
  {
    id: "frozen_head_does_not",
    statement: "A frozen CLIP text head alone does not lower SL's bias",
    source: `${wen}, notebook text_desc_and_voc: SL 0.55 with CLIP's frozen head, 0.57 from scratch`,
    contrasts: [
      {
        statement: "there is a gap: the CLIP that the head is from less than SL",
        weights: { sl_full: 1, clip_rich: -1 },
        standIn: headFrom,
      },
      {
        statement: "the frozen head removes less than half of this gap",
        weights: { sl_full: -0.5, clip_rich: -0.5, sl_frozen: 1 },
        standIn: headFrom,
      },
    ],
  },
  {
    id: "rich_captions_lower_bias",
    statement: "Richer captions lower CLIP's bias below that with template captions",
    source: `${wen}, notebook text_desc_and_voc, heads from scratch: templates 0.48, full text 0.08`,
    contrasts: [{ statement: "rich less than templates", weights: { clip_templates: 1, clip_rich: -1 } }],
  },
  {
    id: "repeats_act_as_logit_adjustment",
    statement:
      "Counting a batch's repeats of a caption once brings CLIP's bias back: repeats act as logit adjustment",
    source: `the prototype of this study; for logit adjustment ${menon}`,
    contrasts: [
      {
        statement: "template CLIP with repeats counted once: more than with repeats",
        weights: { clip_once: 1, clip_templates: -1 },
      },
      { statement: "SL with logit adjustment: less than SL", weights: { sl_full: 1, sl_adjusted: -1 } },
    ],
  },
  {
    id: "repeats_of_a_class_act_as_logit_adjustment",
    statement:
      "Counting all captions of a class in a batch once brings CLIP's bias back: six templates seldom repeat word " +
      "for word, but mean the same",
    source:
      "added after exploratory runs at ratio 50, seed 0, in which counting captions once changed little",
    contrasts: [
      {
        statement: "template CLIP with each class counted once: more than with repeats",
        weights: { clip_class_once: 1, clip_templates: -1 },
      },
      { statement: "SL with logit adjustment: less than SL", weights: { sl_full: 1, sl_adjusted: -1 } },
    ],
  },
  {
    id: "balanced_training_shows_none",
    statement: "Training on balanced images shows no bias: less than half of SL's, of either sign",
    source: "control: the imbalanced set's frequencies play no part in this training",
    contrasts: [
      { statement: "balanced SL: below half of SL's", weights: { sl_full: 0.5, sl_balanced: -1 } },
      { statement: "balanced SL: above minus half of SL's", weights: { sl_full: 0.5, sl_balanced: 1 } },
      { statement: "balanced CLIP: below half of SL's", weights: { sl_full: 0.5, clip_balanced: -1 } },
      { statement: "balanced CLIP: above minus half of SL's", weights: { sl_full: 0.5, clip_balanced: 1 } },
    ],
  },
];
