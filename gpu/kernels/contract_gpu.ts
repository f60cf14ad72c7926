// The contraction for real GPUs: a workgroup shares a tile of Y, brings slices of A and B into workgroup memory and
// multiplies them in registers. One body; reading and writing are hooks (contract_read.ts, contract_write.ts), so
// matrix products of all orientations and the three convolutions differ only there.

import { contractNumbers, type ContractPlan } from "./contract.ts";
import { type Block, blockOf, each, ownWord, type Share, sharesA, sharesB } from "./contract_block.ts";
import { readerA, readerB } from "./contract_read.ts";
import { overRows, writer } from "./contract_write.ts";
import { needs } from "./expr.ts";
import { COMPENSATED, ZERO } from "./kahan.ts";
import { addProducts, newProducts } from "./products.ts";
import type { Launch } from "./wgsl.ts";

const LANES = ["x", "y", "z", "w"];

/** Throws RangeError when the plan's tile cannot be shared out among a workgroup. */
export function contractGpu(plan: ContractPlan): Launch {
  const { spec, epilogue } = plan, block = blockOf(plan);
  const summed = epilogue.partials.length > 0;
  const batched = spec.batch[0] * spec.batch[1] > 1;
  const a = readerA(plan, block), b = readerB(plan, block);
  const partsA = sharesA(block), partsB = sharesB(block);
  const stageWords = Math.max(block.stageA + block.stageB, summed ? block.threads : 0);
  // While one slice is multiplied, the next is on its way into registers.
  const body = `if (group >= P.total) { return; }
let tn = group % P.tilesN;
let tm = (group / P.tilesN) % P.tilesM;
let part = group / (P.tilesN * P.tilesM);
let split = part % P.splits;
${batched ? BATCH : NO_BATCH}
let m0 = tm * ${block.rows}u;
let n0 = tn * ${block.words}u;
let jx = lane % ${block.across}u;
let jy = lane / ${block.across}u;
let start = split * P.chunk;
let stop = min(start + P.chunk, P.K);
${block.aAlongK || block.bAlongK ? `let kq = lane % ${block.depth / 4}u;` : ""}
${a.setup}
${b.setup}
${each(partsA.length, (l) => `var a${l}: vec4f;`)}
${each(partsB.length, (l) => `var b${l}: vec4f;`)}
${each(block.ownRows, (m) => each(block.ownWords, (n) => newProducts(plan, `c${m}_${n}`)))}
for (var k0 = start; ; k0 += ${block.depth}u) {
let more = k0 < stop;
if (more) {
${block.aAlongK || block.bAlongK ? "let kw = k0 / 4u + kq;" : ""}
${a.read}
${b.read}
${a.advance}
}
if (k0 != start) {
${multiply(plan, block)}
}
workgroupBarrier();
if (!more) { break; }
${each(partsA.length, (l) => bring(partsA[l], `a${l}`, placeA(block, partsA[l].line)))}
${each(partsB.length, (l) => bring(partsB[l], `b${l}`, placeB(block, partsB[l].line)))}
workgroupBarrier();
}
${writer(plan, block)}`;
  const declarations = [
    `var<workgroup> stage: array<vec4f, ${stageWords}>;`,
    overRows(plan, block),
    plan.compensated ? COMPENSATED : "",
  ].join("\n");
  const numbers = numbersOf(plan, block);
  const wanted = [needs(plan.loadA.program), needs(epilogue.program)];
  const distinct = (names: readonly string[]) => [...new Set(names)];
  const constants = distinct(wanted.flatMap((w) => w.constants));
  // A kernel is told the numbers that its text mentions.
  const told = new Set(`${body}${declarations}`.match(/(?<=\bP\.)\w+/g));
  const sizes = [...numbers.keys()].filter((name) => told.has(name) && !constants.includes(name));
  return {
    kernel: {
      label: spec.window?.kind ?? `matmul ${spec.orientA},${spec.orientB}`,
      sizes,
      constants,
      scalars: distinct(wanted.flatMap((w) => w.scalars)),
      helpers: distinct(wanted.flatMap((w) => w.helpers)),
      reads: distinct([...plan.readsA, "B", ...plan.readsEpilogue]),
      writes: [...epilogue.stores, ...epilogue.partials].map((written) => written.operand),
      workgroup: block.threads,
      declarations,
      body,
    },
    sizes: sizes.map((name) => numbers.get(name)!),
    constants: constants.map((name) => numbers.get(name)!),
    groups: numbers.get("total")!,
  };
}

const NO_BATCH = `let aBase = 0u; let aRow = 0u; let aCol = 0u; let bBase = 0u;
let yBase = split * P.Y_split; let yRow = 0u; let yCol = 0u;`;

/** Programs see rows and columns of the whole tensors, of which a matrix may be some columns (a head). */
const BATCH = `let outer = part / P.splits / P.batch1;
let inner = part / P.splits % P.batch1;
let aBase = outer * P.A_b0 + inner * P.A_b1;
let aRow = aBase / P.A_row;
let aCol = aBase % P.A_row;
let bBase = outer * P.B_b0 + inner * P.B_b1;
let yWhole = outer * P.Y_b0 + inner * P.Y_b1;
let yRow = yWhole / P.Y_row;
let yCol = yWhole % P.Y_row;
let yBase = yWhole + split * P.Y_split;`;

/** Workgroup memory at which a share of A (or of B, behind it) lies. */
function placeA(block: Block, line: string): string {
  const { pitchA, aAlongK, rows } = block;
  return `(${line}) * ${pitchA}u + ${aAlongK ? "kq" : `lane % ${rows / 4}u`}`;
}

function placeB(block: Block, line: string): string {
  const { stageA, pitchB, bAlongK, words } = block;
  if (!bAlongK) return `${stageA}u + (${line}) * ${pitchB}u + lane % ${words}u`;
  // Columns of the same place in their words lie together: neighbours read neighbouring rows.
  return `${stageA}u + (((${line}) % 4u) * ${words}u + (${line}) / 4u) * ${pitchB}u + kq`;
}

function bring({ guard }: Share, value: string, place: string): string {
  const text = `stage[${place}] = ${value};`;
  return guard === "" ? text : `if (${guard}) { ${text} }`;
}

/** Adds the slice in workgroup memory to the sums `c{row}_{word}`, four k at a time. */
function multiply(plan: ContractPlan, block: Block): string {
  const { aAlongK, bAlongK, pitchA, pitchB, stageA, ownRows, ownWords, down, across, words } = block;
  const loadA = aAlongK
    ? each(ownRows, (m) => `let x${m} = stage[(jy + ${m * down}u) * ${pitchA}u + q];`)
    : each(4, (k) =>
      each(ownRows / 4, (g) =>
        `let x${k}_${g} = stage[(q * 4u + ${k}u) * ${pitchA}u + jy + ${g * down}u];`));
  const valueA = (m: number, k: number) =>
    aAlongK ? `x${m}.${LANES[k]}` : `x${k}_${Math.floor(m / 4)}.${LANES[m % 4]}`;
  const loadB = (n: number) =>
    bAlongK
      ? each(
        4,
        (e) =>
          `let t${e} = stage[${stageA + e * words * pitchB}u + (${ownWord(block, n)}) * ${pitchB}u + q];`,
      ) +
        "\n" +
        each(4, (k) => `let w${k} = vec4f(${[0, 1, 2, 3].map((e) => `t${e}.${LANES[k]}`).join(", ")});`)
      : each(4, (k) => `let w${k} = stage[${stageA + n * across}u + (q * 4u + ${k}u) * ${pitchB}u + jx];`);
  return `for (var q = 0u; q < ${block.depth / 4}u; q++) {
${loadA}
${
    each(ownWords, (n) =>
      `{\n${loadB(n)}\n` +
      each(4, (k) => each(ownRows, (m) => addProducts(plan, `c${m}_${n}`, [valueA(m, k)], [`w${k}`]))) +
      "\n}")
  }
}`;
}

/** Every number a kernel may ask for. */
function numbersOf({ spec, tile, numbers }: ContractPlan, block: Block): Map<string, number> {
  const common = contractNumbers(spec, tile), w = spec.window;
  // Seen through a window, k has a whole number of words for each tap.
  const k = w === undefined || w.kind === "convW"
    ? spec.k
    : w.kernelHeight * w.kernelWidth * common.get("C4")! * 4;
  const slices = Math.ceil(k / block.depth);
  return new Map([
    ...numbers,
    ...common,
    ["K", k],
    ["K4", Math.ceil(k / 4)],
    ["M4", Math.ceil(spec.m / 4)],
    ["chunk", Math.ceil(slices / tile.splits) * block.depth],
    ["T", spec.oneHot ?? 1],
    ZERO,
  ]);
}
