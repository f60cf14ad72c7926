/**
 * Draws one picture of the built-in world: background, other objects, main object, then camera effects. Everything a
 * picture contains comes from the stream it is given, so pictures can be made in any order and by any worker.
 * Scratch memory is shared between calls and nothing is allocated per pixel.
 */
import type { RandomStream } from "../random/philox.ts";
import { COLOURS, type Rgb, SCENES } from "./names.ts";
import { SHAPES } from "./shapes.ts";
import { secondColourShare, TEXTURES } from "./textures.ts";
import type { World } from "./world.ts";

/** Width and height of a picture in pixels. */
export const IMAGE_SIZE = 32;
/** Bytes of a picture: 32 rows of 32 pixels of red, green, blue. */
export const IMAGE_BYTES = IMAGE_SIZE * IMAGE_SIZE * 3;

/** What a picture shows, for captions: class, scene, classes of the objects behind, and whether the object is large. */
export interface WorldRecord {
  label: number;
  scene: number;
  clutter: readonly number[];
  large: boolean;
}

const HALF = IMAGE_SIZE / 2;
const REACH = 1.2; // no shape extends further than this from its centre
const BLOTCHES = 4;
const canvas = new Float32Array(IMAGE_BYTES);
const blotches = new Float32Array(BLOTCHES * BLOTCHES);

interface Pose {
  scale: number;
  x: number;
  y: number;
  rotation: number;
  aspect: number;
}

/** A uniform draw from -spread .. spread. */
const around = (stream: RandomStream, spread: number) => (2 * stream.uniform() - 1) * spread;

function drawBackground(world: World, scene: number, stream: RandomStream): void {
  const { from, to } = SCENES[scene];
  const { background } = world.nuisance;
  const angle = 2 * Math.PI * stream.uniform();
  const [dx, dy] = [Math.cos(angle), Math.sin(angle)];
  const shift = [0, 1, 2].map(() => around(stream, 0.1 * background));
  for (let i = 0; i < blotches.length; i++) blotches[i] = 0.07 * background * stream.normal();

  for (let row = 0, at = 0; row < IMAGE_SIZE; row++) {
    const v = (row + 0.5) / HALF - 1;
    const gridY = row / (IMAGE_SIZE - 1) * (BLOTCHES - 1);
    const y0 = Math.min(Math.floor(gridY), BLOTCHES - 2), fy = gridY - y0;
    for (let column = 0; column < IMAGE_SIZE; column++, at += 3) {
      const u = (column + 0.5) / HALF - 1;
      const gridX = column / (IMAGE_SIZE - 1) * (BLOTCHES - 1);
      const x0 = Math.min(Math.floor(gridX), BLOTCHES - 2), fx = gridX - x0;
      const corner = y0 * BLOTCHES + x0;
      const top = blotches[corner] * (1 - fx) + blotches[corner + 1] * fx;
      const bottom = blotches[corner + BLOTCHES] * (1 - fx) + blotches[corner + BLOTCHES + 1] * fx;
      const grey = top * (1 - fy) + bottom * fy;
      const along = Math.min(1, Math.max(0, 0.5 + 0.5 * (u * dx + v * dy)));
      for (let c = 0; c < 3; c++) canvas[at + c] = from[c] + (to[c] - from[c]) * along + shift[c] + grey;
    }
  }
}

function drawObject(world: World, label: number, pose: Pose, stream: RandomStream): void {
  const { shape, texture, colour, second } = world.classes[label];
  const { photometry } = world.nuisance;
  const light = 1 + photometry * (-0.025 + around(stream, 0.125));
  const first: Rgb = jitter(COLOURS[colour].rgb, 0.1 * photometry, light, stream);
  const other: Rgb = jitter(second, 0.06 * photometry, 1, stream);
  const frequency = 1.25 + 0.35 * stream.uniform(), phase = around(stream, 0.2);

  const { distance } = SHAPES[shape], { signal } = TEXTURES[texture];
  const { scale, rotation, aspect } = pose;
  const cos = Math.cos(rotation) / scale, sin = Math.sin(rotation) / scale;
  const reach = REACH * scale * Math.max(aspect, 1 / aspect);
  const firstPixel = (centre: number) => Math.max(0, Math.floor((centre - reach + 1) * HALF));
  const endPixel = (centre: number) => Math.min(IMAGE_SIZE, Math.ceil((centre + reach + 1) * HALF));
  const [left, right] = [firstPixel(pose.x), endPixel(pose.x)];
  const [top, bottom] = [firstPixel(pose.y), endPixel(pose.y)];
  for (let row = top; row < bottom; row++) {
    const v = (row + 0.5) / HALF - 1 - pose.y;
    for (let column = left; column < right; column++) {
      const u = (column + 0.5) / HALF - 1 - pose.x;
      const x = (u * cos + v * sin) / aspect, y = (v * cos - u * sin) * aspect;
      const cover = Math.min(1, 0.5 - distance(x, y) * scale * HALF);
      if (cover <= 0) continue;
      const share = secondColourShare(signal(x, y, frequency, phase));
      const at = 3 * (row * IMAGE_SIZE + column);
      for (let c = 0; c < 3; c++) {
        canvas[at + c] += (first[c] + (other[c] - first[c]) * share - canvas[at + c]) * cover;
      }
    }
  }
}

/** A colour whose channels each moved by up to `spread`, then were scaled by `light`. */
function jitter(rgb: Rgb, spread: number, light: number, stream: RandomStream): Rgb {
  const channel = (value: number) => light * (value + around(stream, spread));
  return [channel(rgb[0]), channel(rgb[1]), channel(rgb[2])];
}

/** How many objects stand behind the main one: 0, 1 or 2 with probability .3, .4, .3. */
function clutterCount(level: number, stream: RandomStream): number {
  const draw = stream.uniform();
  return draw < 0.3 * level ? 2 : draw < 0.7 * level ? 1 : 0;
}

/** Which class a further object has: a partner of the main class with p = .7, else any other class. */
function clutterClass(world: World, label: number, stream: RandomStream): number {
  const { partners } = world.classes[label];
  if (stream.uniform() < 0.7) return partners[stream.int(partners.length)];
  const other = stream.int(world.classes.length - 1);
  return other < label ? other : other + 1;
}

function placeClutter(stream: RandomStream): Pose {
  const angle = 2 * Math.PI * stream.uniform();
  const away = 1.25 * (0.62 + 0.18 * stream.uniform());
  const clip = (place: number) => Math.min(0.78, Math.max(-0.78, place));
  return {
    x: clip(away * Math.cos(angle)),
    y: clip(away * Math.sin(angle)),
    scale: 0.22 + 0.14 * stream.uniform(),
    rotation: around(stream, 25 * Math.PI / 180),
    aspect: 1 + around(stream, 0.1),
  };
}

/** Contrast, brightness, pixel noise and rounding to bytes. */
function photograph(world: World, stream: RandomStream, out: Uint8Array, offset: number): void {
  const { photometry, noise } = world.nuisance;
  const contrast = Math.max(0.1, 1 + photometry * (-0.1 + around(stream, 0.25)));
  const middle = 0.5 + photometry * around(stream, 0.08);
  // The sum of the four bytes of a random word is close to normal, with this deviation.
  const grain = 0.06 * noise / Math.sqrt(4 * (256 * 256 - 1) / 12);
  for (let i = 0; i < IMAGE_BYTES; i++) {
    const word = stream.next();
    const deviate = (word & 255) + ((word >>> 8) & 255) + ((word >>> 16) & 255) + (word >>> 24) - 510;
    const value = 255 * ((canvas[i] - 0.5) * contrast + middle + grain * deviate);
    out[offset + i] = value <= 0 ? 0 : value >= 255 ? 255 : value + 0.5;
  }
}

/**
 * Draws a picture of class `label` into `out` at `offset` (32 x 32 x 3 bytes, rows of RGB) and says what it shows.
 * Throws RangeError for a label outside the world's classes or when the picture does not fit into `out`.
 */
export function renderImage(
  world: World,
  { label, stream }: { label: number; stream: RandomStream },
  out: Uint8Array,
  offset = 0,
): WorldRecord {
  const kind = world.classes[label];
  if (!kind) throw new RangeError(`Label ${label} is outside the world's ${world.classes.length} classes`);
  if (offset < 0 || offset + IMAGE_BYTES > out.length) {
    throw new RangeError(
      `A picture of ${IMAGE_BYTES} bytes does not fit into ${out.length} bytes at offset ${offset}`,
    );
  }
  const { pose, clutter: clutterLevel } = world.nuisance;

  const scene = stream.uniform() < 0.5 ? kind.scene : stream.int(SCENES.length);
  drawBackground(world, scene, stream);
  const clutter: number[] = [];
  for (let left = clutterCount(clutterLevel, stream); left > 0; left--) {
    const other = clutterClass(world, label, stream);
    drawObject(world, other, placeClutter(stream), stream);
    clutter.push(other);
  }
  const main: Pose = {
    scale: Math.max(0.1, 0.62 + pose * around(stream, 0.1)),
    x: pose * around(stream, 0.22),
    y: pose * around(stream, 0.22),
    rotation: pose * around(stream, 25 * Math.PI / 180),
    aspect: Math.max(0.2, 1 + pose * around(stream, 0.1)),
  };
  drawObject(world, label, main, stream);
  photograph(world, stream, out, offset);
  return { label, scene, clutter, large: main.scale > 0.62 };
}
