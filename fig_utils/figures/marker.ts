// Markers whose shape tells lines of a panel apart without their colour.
import { element, type SvgElement } from "./svg.ts";

const r = 4;
const shapes:
  readonly ((x: number, y: number) => readonly [string, Readonly<Record<string, string | number>>])[] = [
    (cx, cy) => ["circle", { cx, cy, r }],
    (x, y) => ["rect", { x: x - 3.5, y: y - 3.5, width: 7, height: 7 }],
    (x, y) => ["path", { d: `M${x} ${y - 4.6}l4.3 7.6h-8.6z` }],
    (x, y) => ["path", { d: `M${x} ${y - 5}l5 5l-5 5l-5 -5z` }],
    (x, y) => ["path", { d: `M${x} ${y + 4.6}l4.3 -7.6h-8.6z` }],
    (x, y) => ["path", { d: `M${x - 1.4} ${y - 4.5}h2.8v3.1h3.1v2.8h-3.1v3.1h-2.8v-3.1h-3.1v-2.8h3.1z` }],
    (x, y) => ["path", { d: `M${x} ${y - 2}l3 -3l2 2l-3 3l3 3l-2 2l-3 -3l-3 3l-2 -2l3 -3l-3 -3l2 -2z` }],
    (x, y) => ["rect", { x: x - 2, y: y - 5.5, width: 4, height: 11 }],
  ];

/** The n-th marker at a place. */
export function marker(n: number, x: number, y: number, colour: string): SvgElement {
  const [name, attributes] = shapes[n % shapes.length](x, y);
  return element(name, { ...attributes, fill: colour });
}
