/**
 * Sentences about pictures of the built-in world, from bare class names to free descriptions. A caption is a pure
 * function of what the picture shows and a random stream, so each epoch can have fresh ones.
 * The levels mirror the paper's captions: names, one or many templates, synonyms, and full text.
 */
import type { RandomStream } from "../random/philox.ts";
import { ATTRIBUTE_GRAMMAR, type Grammar, RICH_GRAMMAR } from "./grammar.ts";
import { COLOURS, SCENES } from "./names.ts";
import type { WorldRecord } from "./render.ts";
import { SHAPES } from "./shapes.ts";
import { TEXTURES } from "./textures.ts";
import type { World } from "./world.ts";

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

/** The levels with free descriptions, on which a grammar acts. */
export const DESCRIBING_LEVELS: readonly CaptionLevel[] = ["attributes", "rich", "mix"];

/** The six prompts; `{}` stands for the class. They caption pictures and make the zero-shot ensemble. */
export const WORLD_TEMPLATES: readonly string[] = [
  "a photo of a {}",
  "a picture of a {}",
  "a {}",
  "this is a {}",
  "an image of the {}",
  "there is a {} here",
];

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
 * any of the six; `synonyms` says the class's other name half the time. `grammar` replaces entries of the level's own
 * grammar; {@link checkGrammar} says whether it is one.
 * Throws RangeError for an unknown level.
 */
export function caption(
  world: World,
  record: WorldRecord,
  level: CaptionLevel,
  stream: RandomStream,
  grammar?: Readonly<Partial<Grammar>>,
): string {
  const describe = (own: Grammar) =>
    describePicture(world, record, grammar ? { ...own, ...grammar } : own, stream);
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
      return describe(ATTRIBUTE_GRAMMAR[world.names]);
    case "rich":
      return describe(RICH_GRAMMAR[world.names]);
    case "mix":
      return caption(world, record, stream.uniform() < 0.5 ? "templates" : "rich", stream, grammar);
    default:
      throw new RangeError(`Unknown caption level "${level}": use one of ${CAPTION_LEVELS.join(", ")}`);
  }
}
