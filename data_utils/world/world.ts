/**
 * The classes of the built-in world. A class is a (shape, texture, colour) triple with a second colour, a scene it is
 * usually seen in, and partner classes it is usually seen with. Triples are drawn so that every part is used about
 * equally often: each part of a rare class also occurs in frequent ones.
 */
import { type RandomStream, randomStream } from "../random/philox.ts";
import { BLACK, COLOURS, makeNouns, type Rgb, SCENES, WHITE } from "./names.ts";
import { SHAPES } from "./shapes.ts";
import { TEXTURES } from "./textures.ts";

/** What one class looks like and is called; shape, texture, colour and scene are indices into the tables. */
export interface WorldClass {
  shape: number;
  texture: number;
  colour: number;
  second: Rgb;
  scene: number;
  partners: readonly number[];
  name: string;
  synonym: string;
}

/** How strongly each source of variation acts: 1 is the design, 0 switches it off. */
export interface Nuisance {
  /** Spread of size, place, rotation and aspect. */
  pose: number;
  /** Shift of the background's colours and its blotches. */
  background: number;
  /** Probability of other objects behind the main one (at most 1 / 0.7, where there is always one). */
  clutter: number;
  /** Contrast, brightness and the jitter of object colours. */
  photometry: number;
  /** Pixel noise. */
  noise: number;
}

/** The variation of the design. */
export const DESIGNED_NUISANCE: Readonly<Nuisance> = {
  pose: 1,
  background: 1,
  clutter: 1,
  photometry: 1,
  noise: 1,
};

/** World K names classes by their look, world N by made-up nouns. */
export type WorldNames = "K" | "N";

/** A built-in world: its classes and how varied its pictures are. */
export interface World {
  seed: number;
  names: WorldNames;
  nuisance: Readonly<Nuisance>;
  classes: readonly WorldClass[];
  classNames: readonly string[];
}

/** The most classes a world can have: every combination of a shape, a texture and a colour. */
export const MAX_CLASSES = SHAPES.length * TEXTURES.length * COLOURS.length;

const PARTNERS = 4;
// Each property of the classes is drawn from its own stream, so that none depends on how many draws another takes.
const STREAM = { triples: 0, second: 1, scene: 2, partners: 3, nouns: 4 };

type Triple = [shape: number, texture: number, colour: number];

/** Picks triples one by one, each time one whose parts have been used least relative to their number. */
function pickTriples(count: number, stream: RandomStream): Triple[] {
  const sizes = [SHAPES.length, TEXTURES.length, COLOURS.length];
  const used = sizes.map((size) => new Array<number>(size).fill(0));
  const left: Triple[] = [];
  for (let s = 0; s < sizes[0]; s++) {
    for (let t = 0; t < sizes[1]; t++) {
      for (let c = 0; c < sizes[2]; c++) left.push([s, t, c]);
    }
  }
  stream.shuffle(left);
  const load = (triple: Triple) =>
    triple.reduce((sum, value, part) => sum + used[part][value] * sizes[part], 0);
  return Array.from({ length: count }, () => {
    let best = 0;
    for (let i = 1; i < left.length; i++) if (load(left[i]) < load(left[best])) best = i;
    const [triple] = left.splice(best, 1);
    triple.forEach((value, part) => used[part][value]++);
    return triple;
  });
}

/** Different members of 0 .. count-1 without `self`. */
function pickOthers(count: number, self: number, howMany: number, stream: RandomStream): number[] {
  const others = Array.from({ length: count }, (_, i) => i).filter((i) => i !== self);
  return stream.shuffle(others).slice(0, howMany);
}

function checkOptions(classes: number, names: string, nuisance: Nuisance): void {
  if (!Number.isInteger(classes) || classes < 2 || classes > MAX_CLASSES) {
    throw new RangeError(`The world has 2 to ${MAX_CLASSES} classes, got ${classes}`);
  }
  if (names !== "K" && names !== "N") throw new RangeError(`World names are "K" or "N", got "${names}"`);
  for (const [source, level] of Object.entries(nuisance)) {
    if (!(source in DESIGNED_NUISANCE)) {
      throw new RangeError(
        `Unknown nuisance "${source}": use one of ${Object.keys(DESIGNED_NUISANCE).join(", ")}`,
      );
    }
    if (!Number.isFinite(level) || level < 0) {
      throw new RangeError(`Nuisance level ${source} must be a number of 0 or more, got ${level}`);
    }
  }
}

/**
 * Makes the world of a seed. The same seed and class count always give the same pictures, under either kind of names.
 * Throws RangeError for a class count outside 2 .. 576, unknown names, or a negative or unknown nuisance level.
 */
export function makeWorld(
  options: { classes?: number; seed?: number; names?: WorldNames; nuisance?: Partial<Nuisance> } = {},
): World {
  const { classes: count = 64, seed = 1234, names = "K" } = options;
  const nuisance = { ...DESIGNED_NUISANCE, ...options.nuisance };
  checkOptions(count, names, nuisance);

  const stream = (part: keyof typeof STREAM) => randomStream(seed, STREAM[part]);
  const nouns = makeNouns(2 * count, stream("nouns"));
  const [second, scene, partners] = [stream("second"), stream("scene"), stream("partners")];
  const classes = pickTriples(count, stream("triples")).map(([shape, texture, colour], i): WorldClass => {
    const look = (shapeWord: string) => `${COLOURS[colour].name} ${TEXTURES[texture].name} ${shapeWord}`;
    return {
      shape,
      texture,
      colour,
      second: second.uniform() < 0.5 ? WHITE : BLACK,
      scene: scene.int(SCENES.length),
      partners: pickOthers(count, i, PARTNERS, partners),
      name: names === "N" ? nouns[i] : look(SHAPES[shape].name),
      synonym: names === "N" ? nouns[count + i] : look(SHAPES[shape].synonym),
    };
  });
  return { seed, names, nuisance, classes, classNames: classes.map((c) => c.name) };
}
