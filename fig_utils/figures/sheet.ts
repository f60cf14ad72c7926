// What all figures share: the sheet with its heading, lines of text, rules and bands.
import { element, plain, type SvgElement, svgText } from "./svg.ts";
import { wrapped } from "./words.ts";

/** Size of text that is read, in pixels of the sheet. */
export const textSize = 12;

/** Distance between lines of text. */
export const lineHeight = 16;

interface Sheet {
  readonly width: number;
  readonly height: number;
  readonly heading: string;
  /** The figure's content in words, for those who do not see it. */
  readonly inWords: string;
  /** Where the heading begins. */
  readonly left?: number;
}

/** The figure as text: an `<svg>` in the text colour of what is around it. */
export function sheet({ width, height, heading, inWords, left = 16 }: Sheet, ...parts: SvgElement[]): string {
  const figure = element("svg", {
    ...{ xmlns: "http://www.w3.org/2000/svg", viewBox: `0 0 ${width} ${height}`, width, height },
    ...{ fill: "currentColor", "font-family": "system-ui, sans-serif", "font-size": textSize, role: "img" },
    "aria-label": plain(heading),
  });
  figure.append(
    element("desc", {}, inWords),
    label(heading, left, 20, { "font-size": 15, "font-weight": 600 }),
    ...parts,
  );
  return svgText(figure);
}

/** A line of text. */
export function label(
  text: string,
  x: number,
  y: number,
  attributes: Readonly<Record<string, string | number>> = {},
): SvgElement {
  return element("text", { x, y, ...attributes }, text);
}

/** Text in lines of `width` pixels, the first at `y`. */
export function paragraph(
  text: string,
  { x, y, width, ...attributes }:
    & { readonly x: number; readonly y: number; readonly width: number }
    & Readonly<
      Record<string, string | number>
    >,
): { readonly lines: SvgElement[]; readonly height: number } {
  const lines = wrapped(text, width, textSize, attributes["font-weight"] === 600);
  return {
    lines: lines.map((line, i) => label(line, x, y + i * lineHeight, attributes)),
    height: lines.length * lineHeight,
  };
}

/** A straight line; without attributes one of the grid. */
export function rule(
  [x1, y1]: readonly [number, number],
  [x2, y2]: readonly [number, number],
  attributes: Readonly<Record<string, string | number>> = { "stroke-opacity": 0.15 },
): SvgElement {
  return element("line", { x1, y1, x2, y2, stroke: "currentColor", ...attributes });
}

/** A grey area: what chance alone makes. */
export function band(x: number, y: number, width: number, height: number): SvgElement {
  return element("rect", { x, y, width, height, "fill-opacity": 0.1, class: "chance" });
}
