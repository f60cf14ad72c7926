/**
 * Sentences about pictures of the built-in world, from bare class names to free descriptions. A caption is a pure
 * function of what the picture shows and a random stream, so each epoch can have fresh ones.
 * The levels mirror the paper's captions: names, one or many templates, synonyms, and full text.
 */
import type { RandomStream } from "../random/philox.ts";
import { COLOURS, SCENES } from "./names.ts";
import type { WorldRecord } from "./render.ts";
import { SHAPES } from "./shapes.ts";
import { TEXTURES } from "./textures.ts";
import type { World, WorldNames } from "./world.ts";

/** How much a caption says; `mix` is six templates or rich, half each. */
export type CaptionLevel = "name" | "template" | "templates" | "synonyms" | "attributes" | "rich" | "mix";

/** All caption levels, from the poorest to the richest. */
export const CAPTION_LEVELS: readonly CaptionLevel[] = [
  "name",
  "template",
  "templates",
  "synonyms",
  "attributes",
  "rich",
  "mix",
];

/** The six prompts; `{}` stands for the class. They caption pictures and make the zero-shot ensemble. */
export const WORLD_TEMPLATES: readonly string[] = [
  "a photo of a {}",
  "a picture of a {}",
  "a {}",
  "this is a {}",
  "an image of the {}",
  "there is a {} here",
];

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

const PREFIXES = ["a photo of", "picture of", "look :", "today :"];
const DETERMINERS = ["a", "the", "one", "my"];
const SCENE_LINKS = ["on", "by", "in front of"];
const CLUTTER_LINKS = ["near a", "with a", "and a"];
const SHAPE_LINKS = ["shaped like a", "in the form of a", "like a"];

const pick = <T>(items: readonly T[], stream: RandomStream): T => items[stream.int(items.length)];

/** Puts a class into a prompt: every `{}` of `template` becomes `name`. */
export function fillTemplate(template: string, name: string): string {
  return template.replaceAll("{}", name);
}

function describeMain(world: World, record: WorldRecord, grammar: Grammar, stream: RandomStream): string {
  const chance = (p: number) => stream.uniform() < p;
  const kind = world.classes[record.label], shape = SHAPES[kind.shape];
  const attributes: string[] = [];
  if (chance(grammar.colour)) attributes.push(COLOURS[kind.colour].name);
  if (chance(grammar.texture)) attributes.push(TEXTURES[kind.texture].name);
  stream.shuffle(attributes);
  const other = chance(grammar.synonym);
  const noun = world.names === "N"
    ? (other ? kind.synonym : kind.name)
    : (other ? shape.synonym : shape.name);
  const words = [pick(DETERMINERS, stream), ...attributes, noun];
  if (world.names === "N" && chance(grammar.shape)) words.push(pick(SHAPE_LINKS, stream), shape.name);
  return words.join(" ");
}

/** What a caption calls an object behind the main one: its noun, or in world K its colour and shape. */
function clutterWords(world: World, label: number): string {
  const kind = world.classes[label];
  return world.names === "N" ? kind.name : `${COLOURS[kind.colour].name} ${SHAPES[kind.shape].name}`;
}

/** A free description of a picture under a grammar; see {@link caption} for the usual levels. */
export function describePicture(
  world: World,
  record: WorldRecord,
  grammar: Grammar,
  stream: RandomStream,
): string {
  const chance = (p: number) => stream.uniform() < p;
  const prefix = chance(grammar.prefix) ? pick(PREFIXES, stream) + " " : "";
  const parts = [describeMain(world, record, grammar, stream)];
  if (chance(grammar.scene)) parts.push(`${pick(SCENE_LINKS, stream)} ${SCENES[record.scene].name}`);
  for (const label of record.clutter) {
    if (chance(grammar.clutter)) parts.push(`${pick(CLUTTER_LINKS, stream)} ${clutterWords(world, label)}`);
  }
  if (chance(grammar.size)) parts.push(record.large ? "large" : "small");
  if (chance(grammar.shuffle)) stream.shuffle(parts);
  return prefix + parts.join(" ");
}

/**
 * One caption of a picture at a level. Of the templates, `template` always takes the first, `templates` and `synonyms`
 * any of the six; `synonyms` says the class's other name half the time.
 * Throws RangeError for an unknown level.
 */
export function caption(
  world: World,
  record: WorldRecord,
  level: CaptionLevel,
  stream: RandomStream,
): string {
  const { name, synonym } = world.classes[record.label];
  switch (level) {
    case "name":
      return name;
    case "template":
      return fillTemplate(WORLD_TEMPLATES[0], name);
    case "templates":
      return fillTemplate(pick(WORLD_TEMPLATES, stream), name);
    case "synonyms":
      return fillTemplate(pick(WORLD_TEMPLATES, stream), stream.uniform() < 0.5 ? name : synonym);
    case "attributes":
      return describePicture(world, record, ATTRIBUTE_GRAMMAR[world.names], stream);
    case "rich":
      return describePicture(world, record, RICH_GRAMMAR[world.names], stream);
    case "mix":
      return caption(world, record, stream.uniform() < 0.5 ? "templates" : "rich", stream);
    default:
      throw new RangeError(`Unknown caption level "${level}": use one of ${CAPTION_LEVELS.join(", ")}`);
  }
}
