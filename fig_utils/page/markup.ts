// HTML from template strings, in which every value is escaped but markup itself: names of classes, arms and laws come
// from files. Made at once, without promises, so that a page is a plain function from a report to text.

/** HTML that is what it says. */
export class Markup {
  constructor(readonly text: string) {}
}

type Value = string | number | null | Markup | readonly Value[];

const entities: Readonly<Record<string, string>> = {
  ...{ "&": "&amp;", "<": "&lt;", ">": "&gt;" },
  ...{ '"': "&quot;", "'": "&#39;" },
};

function textOf(value: Value): string {
  if (value === null) return "";
  if (value instanceof Markup) return value.text;
  if (typeof value === "object") return value.map(textOf).join("");
  return String(value).toWellFormed().replace(/[&<>"']/g, (character) => entities[character]);
}

/** Markup of a template: strings and numbers are escaped, null is nothing, lists are joined. */
export function markup(strings: TemplateStringsArray, ...values: readonly Value[]): Markup {
  return new Markup(strings.reduce((text, part, i) => text + textOf(values[i - 1]) + part));
}
