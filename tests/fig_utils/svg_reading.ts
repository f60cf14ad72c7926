// Reads SVG text strictly, as an XML reader would: tags that close in order, quoted attributes given once, no bare & or
// <, no character that XML forbids. It knows nothing of the code that writes figures.

export interface XmlElement {
  name: string;
  attributes: Record<string, string>;
  children: XmlElement[];
  /** Text directly within, entities resolved. */
  text: string;
}

const entities: Record<string, string> = { lt: "<", gt: ">", amp: "&", quot: '"', apos: "'" };

function resolved(raw: string): string {
  if (/<|&(?!(lt|gt|amp|quot|apos|#\d+);)/.test(raw)) throw new SyntaxError(`Not escaped: ${raw}`);
  return raw.replace(/&(\w+);/g, (_, name) => entities[name]);
}

/** The root element. Throws SyntaxError for text that is not well-formed. */
export function readSvg(source: string): XmlElement {
  if (/[^\t\n\r\u0020-\uD7FF\uE000-\uFFFD\u{10000}-\u{10FFFF}]/u.test(source)) {
    throw new SyntaxError("A character that XML forbids");
  }
  const top: XmlElement = { name: "", attributes: {}, children: [], text: "" }, open = [top];
  for (const [, tag, text] of source.matchAll(/<([^>"]*(?:"[^"]*"[^>"]*)*)>|([^<]+|<)/g)) {
    const parent = open[open.length - 1];
    if (tag === undefined) parent.text += resolved(text);
    else if (tag.startsWith("/")) {
      if (open.pop()!.name !== tag.slice(1)) {
        throw new SyntaxError(`</${tag.slice(1)}> closes ${parent.name}`);
      }
    } else {
      const [, name, rest, end] = /^([a-zA-Z]+)((?:\s+[\w:-]+="[^"]*")*)\s*(\/?)$/.exec(tag) ?? [];
      if (name === undefined) throw new SyntaxError(`Not a tag: <${tag}>`);
      const made: XmlElement = { name, attributes: {}, children: [], text: "" };
      for (const [, key, value] of rest.matchAll(/([\w:-]+)="([^"]*)"/g)) {
        if (Object.hasOwn(made.attributes, key)) throw new SyntaxError(`${key} is given twice`);
        made.attributes[key] = resolved(value);
      }
      parent.children.push(made);
      if (!end) open.push(made);
    }
  }
  if (open.length !== 1 || top.children.length !== 1) throw new SyntaxError("Not one closed root");
  return top.children[0];
}

/** All elements of a name within, in the order in which they stand. */
export function elementsOf(within: XmlElement, name: string): XmlElement[] {
  return within.children.flatMap((
    child,
  ) => [...(child.name === name ? [child] : []), ...elementsOf(child, name)]);
}
