/**
 * The six textures of the built-in world: how much of a class's second colour shows at a point of its object.
 * Coordinates are those of the object (they turn and grow with it); `frequency` counts periods per unit.
 */

/** One texture: its word in captions and its signal, positive where the second colour shows. */
export interface Texture {
  name: string;
  signal(x: number, y: number, frequency: number, phase: number): number;
}

const TURN = 2 * Math.PI;

/** All textures, in the order in which classes refer to them. */
export const TEXTURES: readonly Texture[] = [
  { name: "plain", signal: () => -Infinity },
  { name: "striped", signal: (x, _, f, phase) => Math.sin(TURN * f * (x + phase)) },
  { name: "barred", signal: (_, y, f, phase) => Math.sin(TURN * f * (y + phase)) },
  {
    name: "checked",
    signal: (x, y, f, phase) =>
      Math.sin(TURN * 0.85 * f * (x + phase)) * Math.sin(TURN * 0.85 * f * (y + phase)),
  },
  {
    name: "dotted",
    signal: (x, y, f, phase) => Math.cos(TURN * f * (x + phase)) + Math.cos(TURN * f * (y + phase)) - 0.75,
  },
  { name: "banded", signal: (x, y, f, phase) => Math.cos(TURN * f * (Math.sqrt(x * x + y * y) + phase)) },
];

/** Share of the second colour for a texture signal: a soft step, 0 .. 1. */
export function secondColourShare(signal: number): number {
  return 1 / (1 + Math.exp(-6 * signal));
}
