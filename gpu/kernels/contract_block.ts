// How a workgroup of a GPU shares a tile of a contraction: which invocation brings which words of A and B into
// workgroup memory, and which rows and words of Y it makes of them. Tiles stay as they are stored (words along k, or
// along m and n); rows along k are one word longer than they need be, so that neighbours use different banks.

import type { ContractPlan } from "./contract.ts";

export interface Block {
  readonly rows: number;
  readonly words: number;
  /** Steps of k brought in at a time. */
  readonly depth: number;
  /** Rows and words of one invocation. */
  readonly ownRows: number;
  readonly ownWords: number;
  /** Invocations along n and along m. */
  readonly across: number;
  readonly down: number;
  readonly threads: number;
  /** Whether words run along k. */
  readonly aAlongK: boolean;
  readonly bAlongK: boolean;
  /** Words of A and of B in workgroup memory, and of a row of each. */
  readonly stageA: number;
  readonly stageB: number;
  readonly pitchA: number;
  readonly pitchB: number;
}

/** vec4 words that every WebGPU device has as workgroup memory (16 KiB). */
const WORKGROUP_WORDS = 1024;

/** Throws RangeError when the tile cannot be shared out evenly or is too large. */
export function blockOf({ spec, tile }: ContractPlan): Block {
  const { rows, words, own } = tile;
  if (own === undefined) throw new RangeError("A tile for a GPU must say what one invocation takes");
  const across = words / own.words, down = rows / own.rows, threads = across * down, quads = own.depth / 4;
  const aAlongK = spec.orientA === "mk", bAlongK = spec.orientB === "nk";
  const pitchA = aAlongK ? quads + 1 : rows / 4, pitchB = bAlongK ? quads + 1 : words;
  const stageA = pitchA * (aAlongK ? rows : own.depth), stageB = pitchB * (bAlongK ? words * 4 : own.depth);
  const shares = [
    across,
    Math.log2(down),
    own.rows / 4,
    threads / quads,
    threads / (rows / 4),
    threads / words,
  ];
  if (!shares.every(Number.isInteger) || stageA + stageB > WORKGROUP_WORDS || threads > 256) {
    const each = `${own.rows} x ${own.words} words, k by ${own.depth}`;
    throw new RangeError(`A tile of ${rows} rows x ${words} words does not divide into ${each}`);
  }
  return {
    rows,
    words,
    depth: own.depth,
    ownRows: own.rows,
    ownWords: own.words,
    across,
    down,
    threads,
    aAlongK,
    bAlongK,
    stageA,
    stageB,
    pitchA,
    pitchB,
  };
}

/** Row of the tile that is the i-th of an invocation; `jy` is its place along m. Ascends with i. */
export function ownRow(block: Block, i: number): string {
  if (block.aAlongK) return `jy + ${i * block.down}u`;
  return `(jy + ${Math.floor(i / 4) * block.down}u) * 4u + ${i % 4}u`;
}

/** Word of the tile that is the i-th of an invocation; `jx` is its place along n. */
export function ownWord(block: Block, i: number): string {
  return `jx + ${i * block.across}u`;
}

/** The words of an operand's tile that an invocation brings: `line` (in k, or in rows) of each. */
export interface Share {
  readonly line: string;
  /** Condition under which the invocation brings this one, empty when it always does. */
  readonly guard: string;
}

/** Shares of a tile of `lines` lines of `width` words; the word within the line is `lane % width` for all of them. */
export function shares(block: Block, lines: number, width: number): Share[] {
  const total = lines * width;
  return Array.from({ length: Math.ceil(total / block.threads) }, (_, l) => {
    const left = total - l * block.threads;
    return {
      line: `lane / ${width}u + ${(l * block.threads) / width}u`,
      guard: left < block.threads ? `lane < ${left}u` : "",
    };
  });
}

export function sharesA(block: Block): Share[] {
  return block.aAlongK
    ? shares(block, block.rows, block.depth / 4)
    : shares(block, block.depth, block.rows / 4);
}

export function sharesB(block: Block): Share[] {
  return block.bAlongK
    ? shares(block, block.words * 4, block.depth / 4)
    : shares(block, block.depth, block.words);
}

/** Joins conditions, leaving out empty ones. */
export function both(...conditions: string[]): string {
  return conditions.filter((c) => c !== "").join(" && ");
}

export function each(count: number, line: (index: number) => string): string {
  return Array.from({ length: count }, (_, i) => line(i)).join("\n");
}
