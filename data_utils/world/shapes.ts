/**
 * The twelve shapes of the built-in world as signed distance functions: negative inside, roughly the distance to the
 * edge outside, so that a renderer can antialias an edge of one pixel at any size.
 * A shape fills about the unit square: x points right, y points down, both in -1 .. 1.
 */

/** One shape: its word in captions, another word for it, and its signed distance at a point. */
export interface Shape {
  name: string;
  synonym: string;
  distance(x: number, y: number): number;
}

const TURN = 2 * Math.PI;

/** Angle from the upward direction in turns, 0 .. 1, growing clockwise. */
function turnsFromUp(x: number, y: number): number {
  const turns = Math.atan2(x, -y) / TURN;
  return turns < 0 ? turns + 1 : turns;
}

/** Position within one of `n` equal sectors that are centred on the upward direction: -0.5 .. 0.5. */
function sector(x: number, y: number, n: number): number {
  const position = turnsFromUp(x, y) * n;
  return position - Math.round(position);
}

const radius = (x: number, y: number) => Math.sqrt(x * x + y * y);
const box = (x: number, y: number, halfWidth: number, halfHeight: number) =>
  Math.max(Math.abs(x) - halfWidth, Math.abs(y) - halfHeight);

/** Regular polygon with a corner at the top and corners at distance `size`. */
function polygon(x: number, y: number, corners: number, size: number): number {
  const fromCorner = Math.abs(sector(x, y, corners)) * TURN / corners;
  const halfSector = Math.PI / corners;
  return radius(x, y) - size * Math.cos(halfSector) / Math.cos(halfSector - fromCorner);
}

/** Two round lobes over a V whose sides touch the lobes and meet at (0, .92). */
function heart(x: number, y: number): number {
  const side = Math.abs(x);
  const lobes = radius(side - 0.42, y + 0.3) - 0.5;
  const point = Math.max(0.7455 * side + 0.6665 * y - 0.6132, -0.06 - y);
  return Math.min(lobes, point);
}

/** All shapes, in the order in which classes refer to them. */
export const SHAPES: readonly Shape[] = [
  { name: "disc", synonym: "circle", distance: (x, y) => radius(x, y) - 0.85 },
  { name: "square", synonym: "box", distance: (x, y) => box(x, y, 0.76, 0.76) },
  { name: "triangle", synonym: "wedge", distance: (x, y) => polygon(x, y, 3, 1.12) },
  {
    name: "star",
    synonym: "asterisk",
    distance: (x, y) => radius(x, y) - (0.42 + 0.66 * (1 - 2 * Math.abs(sector(x, y, 5)))),
  },
  {
    name: "cross",
    synonym: "plus",
    distance: (x, y) => Math.min(box(x, y, 0.3, 0.95), box(x, y, 0.95, 0.3)),
  },
  { name: "ring", synonym: "hoop", distance: (x, y) => Math.abs(radius(x, y) - 0.68) - 0.27 },
  {
    name: "moon",
    synonym: "crescent",
    distance: (x, y) => Math.max(radius(x, y) - 0.95, 0.78 - radius(x - 0.5, y)),
  },
  { name: "heart", synonym: "valentine", distance: heart },
  { name: "hexagon", synonym: "honeycomb", distance: (x, y) => polygon(x, y, 6, 0.92) },
  { name: "bar", synonym: "plank", distance: (x, y) => box(x, y, 1, 0.36) },
  {
    name: "tee",
    synonym: "hammer",
    distance: (x, y) => Math.min(box(x, y + 0.6, 0.92, 0.3), box(x, y - 0.05, 0.3, 0.92)),
  },
  {
    name: "flower",
    synonym: "blossom",
    distance: (x, y) => radius(x, y) - (0.72 + 0.26 * Math.cos(TURN * sector(x, y, 5))),
  },
];
