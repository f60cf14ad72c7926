// SVG as text, with no browser: the document that Plot draws into, elements made by hand, and the sheet on which a
// figure stands by itself. Within a page a figure takes the page's text colour and ground; as a file it brings both,
// light and dark, so that it can be read wherever it is shown. There is no inline style, so a strict page policy holds.
import { parseHTML } from "../deps.ts";

/** What figures use of an SVG element. */
export interface SvgElement {
  getAttribute(name: string): string | null;
  setAttribute(name: string, value: string): void;
  append(...children: (SvgElement | string)[]): void;
  querySelectorAll(selector: string): Iterable<SvgElement>;
  remove(): void;
  toString(): string;
}

interface SvgDocument {
  createElementNS(namespace: string, name: string): SvgElement;
}

const namespace = "http://www.w3.org/2000/svg";

/** The document that all figures are drawn in. */
export const { document } = parseHTML("<!doctype html><html></html>") as unknown as { document: SvgDocument };

/** A text from a file as an attribute may hold it: without the characters that attributes would have to escape. */
export function plain(text: string): string {
  return text.replace(/[<>&"]/g, "");
}

/** An element with its attributes and children. Text from files goes into children, or {@link plain} into attributes. */
export function element(
  name: string,
  attributes: Readonly<Record<string, string | number>>,
  ...children: (SvgElement | string)[]
): SvgElement {
  const made = document.createElementNS(namespace, name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, String(value));
  made.append(...children);
  return made;
}

/** Leaves numbers two digits behind the point: no eye sees more, and files become a third smaller. */
export function roundAttributes(of: SvgElement, names: readonly string[]): void {
  for (const name of names) of.setAttribute(name, String(Number(Number(of.getAttribute(name)).toFixed(2))));
}

/** The element as text, without the characters that no XML may hold. */
export function svgText(figure: SvgElement): string {
  return figure.toString().toWellFormed().replace(/(?![\t\n\r])\p{Cc}|[\uFFFE\uFFFF]/gu, "");
}

const ground = { light: "#ffffff", dark: "#0d1117" }, ink = { light: "#1f2328", dark: "#e6edf3" };

/** A figure as a file: with a ground, and colours that follow the reader's light or dark setting. */
export function svgFile(figure: string): string {
  const style = `<style>svg{color:${ink.light}}.ground{fill:${ground.light}}` +
    `@media(prefers-color-scheme:dark){svg{color:${ink.dark}}.ground{fill:${ground.dark}}}</style>`;
  const sheet = `<rect class="ground" width="100%" height="100%" fill="${ground.light}"/>`;
  return figure.replace(/^<svg[^>]*>/, (open) => `${open}${style}${sheet}`) + "\n";
}
