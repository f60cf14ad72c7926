/** How an image's texts and its class become one caption. */
import type { PythonRandom } from "../../random/python_random.ts";
import type { CaptionItem } from "./items.ts";

/** What a caption is made of. */
export interface CaptionRule {
  readonly title: boolean;
  readonly tags: boolean;
  readonly description: boolean;
  /** What stands in front: a class name in a template. Null for nothing. */
  readonly className: ClassNaming | null;
}

/** How a class is named. */
export interface ClassNaming {
  /** `cname`, `a+cname`, `photo` or `openai80`, for names of files. */
  readonly mode: string;
  /** Sentences with `{}`; of several, each caption draws one. */
  readonly templates: readonly string[];
  /** Names by label; with `drawn`, each caption draws one of its class's. */
  readonly names: readonly (readonly string[])[];
  /** Whether the names are a synset's lemmas, of which each caption draws one, even where there is one only. */
  readonly drawn: boolean;
}

/** Title, tags and description, as far as used and not empty, with spaces between them and for line ends and tabs. */
export function textOf({ title, tags, description }: CaptionItem, rule: CaptionRule): string {
  const parts = [
    rule.title ? title : "",
    rule.tags ? tags.join(" ") : "",
    rule.description ? description : "",
  ];
  return parts.filter((part) => part !== "").join(" ").replace(/[\n\r\t]/g, " ");
}

/**
 * The caption of an image of class `label` with this text, or null for nothing but spaces. It draws as the reference
 * does: of `openai80` a template, then of synsets a name. A caption whose text is empty ends in a space.
 */
export function captionOf(
  text: string,
  label: number,
  rule: CaptionRule,
  random: PythonRandom,
): string | null {
  if (rule.className === null) return /^ *$/.test(text) ? null : text;
  const { templates, names, drawn } = rule.className;
  const template = templates.length > 1 ? random.choice(templates) : templates[0];
  const name = drawn ? random.choice(names[label]) : names[label][0];
  return `${template.replaceAll("{}", () => name)} ${text}`;
}
