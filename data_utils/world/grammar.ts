/**
 * How much descriptions say: probabilities by which a caption mentions colour, scene and so on. Kept as data, so that a
 * caption's informativeness can be turned like a knob.
 */
import type { WorldNames } from "./world.ts";

/** With which probability a description mentions what; `shuffle` is that of changing the order of its parts. */
export interface Grammar {
  prefix: number;
  colour: number;
  texture: number;
  /** The shape after the noun; world K always says it in the name. */
  shape: number;
  synonym: number;
  scene: number;
  /** Each object behind the main one. */
  clutter: number;
  size: number;
  shuffle: number;
}

const SILENT: Grammar = {
  prefix: 0,
  colour: 0,
  texture: 0,
  shape: 0,
  synonym: 0,
  scene: 0,
  clutter: 0,
  size: 0,
  shuffle: 0,
};

/** The grammar of attribute captions, for each kind of names. */
export const ATTRIBUTE_GRAMMAR: Readonly<Record<WorldNames, Grammar>> = {
  K: { ...SILENT, colour: 0.6, texture: 0.6 },
  N: { ...SILENT, colour: 0.6, texture: 0.6, shape: 0.5 },
};

/** The grammar of rich captions, for each kind of names. */
export const RICH_GRAMMAR: Readonly<Record<WorldNames, Grammar>> = {
  K: {
    ...SILENT,
    prefix: 0.3,
    colour: 0.85,
    texture: 0.85,
    scene: 0.4,
    clutter: 0.4,
    size: 0.2,
    shuffle: 0.2,
  },
  N: {
    ...SILENT,
    prefix: 0.3,
    colour: 0.5,
    texture: 0.5,
    shape: 0.4,
    synonym: 0.15,
    scene: 0.25,
    clutter: 0.2,
    shuffle: 0.2,
  },
};

/**
 * Throws RangeError unless every entry is a probability of a {@link Grammar}; under names K there is no `shape`, which
 * the name says already.
 */
export function checkGrammar(entries: Readonly<Record<string, number>>, names: WorldNames): void {
  const known = Object.keys(SILENT).filter((key) => names === "N" || key !== "shape");
  for (const [key, probability] of Object.entries(entries)) {
    if (!known.includes(key)) {
      throw new RangeError(`Unknown grammar entry "${key}": under names ${names} use ${known.join(", ")}`);
    }
    if (!(probability >= 0 && probability <= 1)) {
      throw new RangeError(`Grammar entry ${key} must be a probability of 0 to 1, got ${probability}`);
    }
  }
}
