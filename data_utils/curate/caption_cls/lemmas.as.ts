// deno-lint-ignore-file
// @ts-nocheck AssemblyScript, which `deno task wasm` compiles to lemmas_wasm.ts.
// Lemmas as whole words in the bytes of a caption. The caption is folded to one byte a character: ASCII as it is, in
// lower case where case does not matter, OTHER_WORD and OTHER for the rest. A lemma begins with a run of characters that
// are all parts of words, or all not; where it is found, one run of the caption is that very run. So the caption's runs
// are looked up by a hash among those that lemmas begin with, and from the few that remain a trie is walked.
//
//   next     u32 for each node and symbol: the node behind, 0 for none; the root is 0
//   ends     u32 a node: where in `lists` the labels of the lemma stand that ends there, 0 for none
//   lists    u32: a count, so many labels, and so on
//   symbols  a byte for each folded byte: its symbol, 0 for one that no lemma has
//   runs     a bit for each hash of a run that a lemma begins with; they stay in the cache
//   points   a byte a code point: what it folds to, 0 before that was asked

import { classify } from "./classify.as.ts";

const OTHER_WORD: u8 = 0x80, OTHER: u8 = 0x81;
const RUN_MASK: u64 = 0xffff;

let next: usize = 0,
  ends: usize = 0,
  lists: usize = 0,
  symbols: usize = 0,
  runs: usize = 0,
  points: usize = 0;
let stamps: usize = 0, found: usize = 0, text: usize = 0, width: u32 = 0, stamp: u32 = 0, count: u32 = 0;
let lower: u8 = 0, breaks: bool = false;

/** Where everything lies; of `text` there is room for a caption and 80 bytes. `anyCase`: case does not matter. */
export function setup(
  nextAt: usize,
  endsAt: usize,
  listsAt: usize,
  symbolsAt: usize,
  runsAt: usize,
  pointsAt: usize,
  stampsAt: usize,
  foundAt: usize,
  textAt: usize,
  symbolCount: u32,
  anyCase: bool,
): void {
  next = nextAt;
  ends = endsAt;
  lists = listsAt;
  symbols = symbolsAt;
  runs = runsAt;
  points = pointsAt;
  stamps = stampsAt;
  found = foundAt;
  text = textAt;
  width = symbolCount;
  lower = anyCase ? 0x20 : 0;
  breaks = false;
  stamp = 0;
}

function isWord(byte: u32): bool {
  return (byte | 0x20) - 0x61 < 26 || byte - 0x30 < 10 || byte == 0x5f || byte == OTHER_WORD;
}

/** One bit for each of 64 folded bytes: whether it is part of a word. */
function wordMask(at: usize): u64 {
  return (words16(at) as u64) | ((words16(at + 16) as u64) << 16) | ((words16(at + 32) as u64) << 32) |
    ((words16(at + 48) as u64) << 48);
}

function words16(at: usize): u32 {
  const bytes = v128.load(at), fromA = i8x16.sub(v128.or(bytes, i8x16.splat(0x20)), i8x16.splat(0x61));
  const letters = i8x16.lt_u(fromA, i8x16.splat(26));
  const digits = i8x16.lt_u(i8x16.sub(bytes, i8x16.splat(0x30)), i8x16.splat(10));
  const others = v128.or(i8x16.eq(bytes, i8x16.splat(0x5f)), i8x16.eq(bytes, i8x16.splat(OTHER_WORD as i8)));
  return i8x16.bitmask(v128.or(v128.or(letters, digits), others));
}

function lowered(bytes: v128): v128 {
  const capitals = i8x16.lt_u(i8x16.sub(bytes, i8x16.splat(0x41)), i8x16.splat(26));
  return v128.or(bytes, v128.and(capitals, i8x16.splat(lower as i8)));
}

function isContinuation(byte: u32): bool {
  return (byte & 0xc0) == 0x80;
}

/** Code point and, in the low 3 bits, length of the UTF-8 sequence at a place; 0 for none. */
function sequenceAt(at: usize, left: usize): u32 {
  const first: u32 = load<u8>(at);
  if (first < 0xc2 || first > 0xf4 || left < 2) return 0;
  const second: u32 = load<u8>(at + 1);
  if (!isContinuation(second)) return 0;
  if (first < 0xe0) return (((first & 0x1f) << 6) | (second & 0x3f)) << 3 | 2;
  if (left < 3) return 0;
  const third: u32 = load<u8>(at + 2);
  if (!isContinuation(third)) return 0;
  if (first < 0xf0) {
    const point = ((first & 0xf) << 12) | ((second & 0x3f) << 6) | (third & 0x3f);
    return point < 0x800 || (point & 0xf800) == 0xd800 ? 0 : point << 3 | 3;
  }
  if (left < 4) return 0;
  const fourth: u32 = load<u8>(at + 3);
  if (!isContinuation(fourth)) return 0;
  const point = ((first & 7) << 18) | ((second & 0x3f) << 12) | ((third & 0x3f) << 6) | (fourth & 0x3f);
  return point < 0x10000 || point > 0x10ffff ? 0 : point << 3 | 4;
}

/** Folds a caption into `text`; returns how many characters it has. Up to 15 bytes behind it are loaded. */
export function fold(at: usize, length: usize): usize {
  const end = at + length;
  let to = text;
  while (at < end) {
    const bytes = v128.load(at), left = end - at;
    v128.store(to, lowered(bytes));
    let beyond: u32 = i8x16.bitmask(bytes);
    if (left < 16) beyond |= 1 << (left as u32);
    const ascii: usize = beyond == 0 ? 16 : ctz(beyond);
    at += ascii;
    to += ascii;
    if (ascii == 16 || at >= end) continue;
    const sequence = sequenceAt(at, end - at);
    if (sequence == 0) {
      store<u8>(to++, OTHER);
      at++;
      continue;
    }
    const place = points + (sequence >> 3);
    if (load<u8>(place) == 0) store<u8>(place, classify(sequence >> 3) as u8);
    store<u8>(to++, load<u8>(place));
    at += sequence & 7;
  }
  return to - text;
}

/** A hash of a run of folded bytes; up to 15 bytes behind it are loaded. */
function hashOf(at: usize, length: usize): u64 {
  if (length <= 16) {
    const places = i8x16(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15);
    const run = v128.and(v128.load(at), i8x16.lt_u(places, i8x16.splat(length as i8)));
    const low = i64x2.extract_lane(run, 0) as u64, high = i64x2.extract_lane(run, 1) as u64;
    return low * 0x9e37_79b9_7f4a_7c15 ^ (high ^ (low >> 29)) * 0xc2b2_ae3d_27d4_eb4f;
  }
  let hash: u64 = length as u64;
  for (let i: usize = 0; i < length; i++) hash = (hash ^ (load<u8>(at + i) as u64)) * 0x0000_0100_0000_01b3;
  return hash * 0x9e37_79b9_7f4a_7c15;
}

/** Notes the run that the folded lemma at the front of `text` begins with. */
export function addLemma(length: usize): void {
  const word = isWord(load<u8>(text));
  let run: usize = 1;
  while (run < length && isWord(load<u8>(text + run)) == word) run++;
  if (!word) breaks = true;
  const slot = (hashOf(text, run) >> 40) & RUN_MASK, place = runs + ((slot >> 3) as usize);
  store<u8>(place, load<u8>(place) | (1 << ((slot & 7) as u8)));
}

/** Looks for lemmas from a word boundary on, where the run [at, to) begins. */
function look(at: usize, to: usize): void {
  const slot = (hashOf(at, to - at) >> 40) & RUN_MASK;
  if ((load<u8>(runs + ((slot >> 3) as usize)) >> ((slot & 7) as u8) & 1) == 0) return;
  let node: u32 = 0;
  for (;;) {
    const byte: u32 = load<u8>(at++);
    node = load<u32>(next + 4 * ((node * width + load<u8>(symbols + byte)) as usize));
    if (node == 0) return;
    const list = load<u32>(ends + 4 * (node as usize));
    if (list == 0 || isWord(byte) == isWord(load<u8>(at))) continue;
    const labels = lists + 4 * (list as usize), n = load<u32>(labels);
    for (let i: u32 = 1; i <= n; i++) {
      const label = load<u32>(labels + 4 * (i as usize)), place = stamps + 4 * (label as usize);
      if (load<u32>(place) == stamp) continue;
      store<u32>(place, stamp);
      store<u32>(found + 4 * (count as usize), label);
      count++;
    }
  }
}

/** How many classes a caption names; their labels stand at `found`. */
export function match(at: usize, length: usize, classes: u32): u32 {
  const n = fold(at, length);
  memory.fill(text + n, OTHER, 80); // ends the last word, and every walk
  if (++stamp == 0) {
    memory.fill(stamps, 0, 4 * (classes as usize));
    stamp = 1;
  }
  count = 0;
  let within = false, carry: u64 = 0, edge: usize = 0;
  for (let block: usize = 0; block <= n; block += 64) {
    const words = wordMask(text + block);
    let edges = words ^ (words << 1 | carry);
    carry = words >> 63;
    for (; edges != 0; edges &= edges - 1) {
      const place = text + block + (ctz(edges) as usize);
      if (within || (breaks && edge != 0)) look(edge, place);
      edge = place;
      within = !within;
    }
  }
  return count;
}
