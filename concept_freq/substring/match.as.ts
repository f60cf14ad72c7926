// deno-lint-ignore-file
// @ts-nocheck AssemblyScript, which `deno task wasm` compiles to match_wasm.ts.
// MetaCLIP's substring rule on bytes. The spaced text is never made: it is a list of segments, what lies between single
// spaces, and an entry matches where its own segments are a contiguous part of that list. A segment is looked up in a
// hash table of words, and a trie over words, a second hash table from (node, word) to node, is walked from every one.
// Keys are compared in full, so there is no chance of a false match.
//
// An image holds both tables; all places in it are offsets, so that it works wherever it is copied to:
//   0 slots of words - 1   4 slots of edges - 1   8 words   12 edges   16 filter   20 long words
//   word, 32 bytes: 0 the bytes, padded by zeros; of a long word (over 16 bytes) its 64-bit hash and its offset
//                   16 length   20 node, CHILDREN if edges leave it; 0 for a free slot   24 pattern + 1, or 0
//   edge, 16 bytes: 0 node   4 word   8 node it leads to, CHILDREN; 0 for a free slot    12 pattern + 1, or 0
//   filter, a byte per slot of edges: each edge sets one bit, so that most edges that are not there are ruled out in
//   a table that stays in the cache
// A pattern is a distinct entry; patterns are numbered in the order in which they were added.

const CHILDREN: u32 = 0x80000000;
const FIRST_EDGE_NODE: u32 = 0x40000000;

let base: usize = 0, wordMask: u32 = 0, edgeMask: u32 = 0, words: usize = 0, edges: usize = 0;
let filter: usize = 0, marks: usize = 0, active: usize = 0, list: usize = 0;
let queue: usize = 0, queueEnd: usize = 0, queued: usize = 0, touched: u32 = 0;
let walking: u32 = 0, found: usize = 0, stamp: u32 = 0;
let wordCount: u32 = 0, edgeCount: u32 = 0, patternCount: u32 = 0, longEnd: u32 = 0, deepest: u32 = 0;

/** Takes the image at `at` for all that follows. */
export function useImage(at: usize): void {
  base = at;
  wordMask = load<u32>(at);
  edgeMask = load<u32>(at, 4);
  words = at + load<u32>(at, 8);
  edges = at + load<u32>(at, 12);
  filter = at + load<u32>(at, 16);
  longEnd = load<u32>(at, 20);
  wordCount =
    edgeCount =
    patternCount =
    deepest =
      0;
}

/**
 * Where the matcher works: 8 zero bytes a pattern; 4 bytes a segment of the deepest entry; 4 bytes a pattern; and a
 * queue of whole segments, 16 bytes each.
 */
export function useRoom(
  marksAt: usize,
  activeAt: usize,
  listAt: usize,
  queueAt: usize,
  queueBytes: u32,
): void {
  queue = queued = queueAt;
  queueEnd = queueAt + queueBytes;
  marks = marksAt;
  active = activeAt;
  list = listAt;
  stamp = 0;
}

/** Starts the counts anew. The marks are zeroed by the caller. */
export function restart(): void {
  stamp = 0;
}

function mixed(low: u64, high: u64, length: u32): u64 {
  let hash = (low ^ length) * 0x9e3779b97f4a7c15 ^ rotl<u64>(high * 0xc2b2ae3d27d4eb4f, 31);
  hash ^= hash >> 32;
  hash *= 0xd6e8feb86659fd93;
  return hash ^ (hash >> 32);
}

/** A key of up to 16 bytes, padded by zeros. Reads 16 bytes at `at`. */
function shortKey(at: usize, length: u32): v128 {
  const places = i8x16(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15);
  return v128.and(v128.load(at), i8x16.lt_u(places, i8x16.splat(length as i8)));
}

function longHash(at: usize, length: u32): u64 {
  let hash: u64 = length;
  const last = at + length - 16;
  for (; at < last; at += 16) hash = mixed(load<u64>(at) ^ hash, load<u64>(at, 8), 16);
  return mixed(load<u64>(last) ^ hash, load<u64>(last, 8), 16);
}

function sameBytes(one: usize, other: usize, length: u32): bool {
  let at: u32 = 0;
  for (; at + 16 <= length; at += 16) {
    if (v128.any_true(v128.xor(v128.load(one + at), v128.load(other + at)))) return false;
  }
  for (; at < length; at++) if (load<u8>(one + at) != load<u8>(other + at)) return false;
  return true;
}

function wordHash(at: usize, length: u32): u64 {
  if (length > 16) return longHash(at, length);
  const key = shortKey(at, length);
  return mixed(i64x2.extract_lane(key, 0), i64x2.extract_lane(key, 1), length);
}

/** The slot of a word, or the free one in which it would be. Reads 16 bytes at `at` and more where it is longer. */
function wordSlot(at: usize, length: u32, hash: u64): usize {
  const isLong = length > 16, key = shortKey(at, length);
  let place = hash as u32;
  while (true) {
    const slot = words + (((place++ & wordMask) as usize) << 5);
    if (load<u32>(slot, 20) == 0) return slot;
    if (load<u32>(slot, 16) != length) continue;
    if (!isLong) {
      if (!v128.any_true(v128.xor(v128.load(slot), key))) return slot;
    } else if (load<u64>(slot) == hash && sameBytes(base + load<u32>(slot, 8), at, length)) return slot;
  }
}

function edgeHash(node: u32, word: u32): u64 {
  const hash = (((node as u64) << 32) | word) * 0x9e3779b97f4a7c15;
  return (hash ^ (hash >> 32)) * 0xd6e8feb86659fd93;
}

/** The slot of an edge, or the free one in which it would be. */
function edgeSlot(node: u32, word: u32, hash: u64): usize {
  let place = (hash >> 32) as u32;
  while (true) {
    const slot = edges + (((place++ & edgeMask) as usize) << 4);
    if (load<u32>(slot, 8) == 0) return slot;
    if (load<u32>(slot) == node && load<u32>(slot, 4) == word) return slot;
  }
}

/** The byte of the filter that has an edge's bit, and the bit. */
function filterByte(hash: u64): usize {
  return filter + ((((hash as u32) >> 3) & edgeMask) as usize);
}
function filterBit(hash: u64): u32 {
  return 1 << ((hash as u32) & 7);
}

/** The slot of a word, made if there is none; 0 when the table is three quarters full. */
function wordMade(at: usize, length: u32): usize {
  const hash = wordHash(at, length), slot = wordSlot(at, length, hash);
  if (load<u32>(slot, 20) != 0) return slot;
  if ((wordCount + 1) as u64 * 4 > (wordMask as u64 + 1) * 3) return 0;
  if (length <= 16) v128.store(slot, shortKey(at, length));
  else {
    store<u64>(slot, hash);
    store<u32>(slot, longEnd, 8);
    memory.copy(base + longEnd, at, length);
    longEnd += length;
  }
  store<u32>(slot, length, 16);
  store<u32>(slot, ++wordCount, 20);
  return slot;
}

/** The slot of the edge from the node in `from`, made if there is none. There is always room: see compile_entries. */
function edgeMade(from: usize, word: u32): usize {
  const node = load<u32>(from) & ~CHILDREN, hash = edgeHash(node, word);
  const slot = edgeSlot(node, word, hash);
  if (load<u32>(slot, 8) != 0) return slot;
  store<u8>(filterByte(hash), load<u8>(filterByte(hash)) | filterBit(hash));
  store<u32>(from, node | CHILDREN);
  store<u32>(slot, node);
  store<u32>(slot, word, 4);
  store<u32>(slot, FIRST_EDGE_NODE + edgeCount++, 8);
  return slot;
}

/** Adds an entry to the image. Returns its pattern + 1, or 0 when the table of words is too full. */
export function addEntry(at: usize, length: u32): u32 {
  const end = at + length;
  let from: usize = 0, pattern: usize = 0, depth: u32 = 0;
  for (let start = at; start <= end; depth++) {
    let stop = start;
    while (stop < end && load<u8>(stop) != 32) stop++;
    const word = wordMade(start, (stop - start) as u32);
    if (!word) return 0;
    if (from == 0) {
      from = word + 20;
      pattern = word + 24;
    } else {
      const edge = edgeMade(from, load<u32>(word, 20) & ~CHILDREN);
      from = edge + 8;
      pattern = edge + 12;
    }
    start = stop + 1;
  }
  if (depth > deepest) deepest = depth;
  if (load<u32>(pattern) == 0) store<u32>(pattern, ++patternCount);
  return load<u32>(pattern);
}

export function patternsAdded(): u32 {
  return patternCount;
}
export function longWordsEnd(): u32 {
  return longEnd;
}
export function deepestEntry(): u32 {
  return deepest;
}

function mark(pattern: u32): void {
  const place = marks + ((pattern as usize) << 3);
  if (load<u32>(place) == stamp) return;
  store<u32>(place, stamp);
  store<u32>(place, load<u32>(place, 4) + 1, 4);
  store<u32>(found, pattern);
  found += 4;
}

/** Walks on by one segment, whose word's slot this is: along the edges of every node reached so far, and from the root. */
function step(word: usize): void {
  const node = load<u32>(word, 20);
  if (node == 0) {
    walking = 0;
    return;
  }
  let still: u32 = 0;
  for (let i: u32 = 0; i < walking; i++) {
    const from = load<u32>(active + (i << 2)), hash = edgeHash(from, node & ~CHILDREN);
    if ((load<u8>(filterByte(hash)) & filterBit(hash)) == 0) continue;
    const edge = edgeSlot(from, node & ~CHILDREN, hash), next = load<u32>(edge, 8);
    if (next == 0) continue;
    if (load<u32>(edge, 12)) mark(load<u32>(edge, 12) - 1);
    if (next & CHILDREN) store<u32>(active + (still++ << 2), next & ~CHILDREN);
  }
  if (load<u32>(word, 24)) mark(load<u32>(word, 24) - 1);
  if (node & CHILDREN) store<u32>(active + (still++ << 2), node & ~CHILDREN);
  walking = still;
}

/** Bit i is set where byte i is a tab, LF, CR or space or one of , . ; : ? ! ` */
function boundaries(bytes: v128): u32 {
  // One bit for each high half that occurs (0, 2, 3, 6); a byte is one iff its low half has that bit too.
  const high = i8x16(1, 0, 2, 4, 0, 0, 8, 0, 0, 0, 0, 0, 0, 0, 0, 0);
  const low = i8x16(2 | 8, 2, 0, 0, 0, 0, 0, 0, 0, 1, 1 | 4, 4, 2, 1, 2, 4);
  const half = i8x16.splat(15);
  const bits = v128.and(
    i8x16.swizzle(low, v128.and(bytes, half)),
    i8x16.swizzle(high, i8x16.shr_u(bytes, 4)),
  );
  return i8x16.bitmask(i8x16.ne(bits, i8x16.splat(0))) as u32;
}

// Tables of tens of megabytes cost many waits for memory. So that these overlap, segments go through a queue, and what
// will be needed is touched early: the slot of a word when it enters, the edge between neighbours before the walk.

/** Puts a segment into the queue. */
function enqueue(at: usize, length: u32): void {
  const hash = wordHash(at, length);
  touched += load<u32>(words + (((hash as u32 & wordMask) as usize) << 5), 20);
  store<u64>(queued, hash);
  store<u32>(queued, at as u32, 8);
  store<u32>(queued, length, 12);
  queued += 16;
  if (queued == queueEnd) walk();
}

/** Walks along all queued segments. */
function walk(): void {
  let before: u32 = 0;
  for (let at = queue; at < queued; at += 16) {
    const word = wordSlot(load<u32>(at, 8), load<u32>(at, 12), load<u64>(at)), node = load<u32>(word, 20);
    store<u32>(at, word as u32);
    if (before & CHILDREN && node != 0) {
      const hash = edgeHash(before & ~CHILDREN, node & ~CHILDREN);
      if (load<u8>(filterByte(hash)) & filterBit(hash)) {
        touched += load<u32>(edges + (((((hash >> 32) as u32) & edgeMask) as usize) << 4), 8);
      }
    }
    before = node;
  }
  for (let at = queue; at < queued; at += 16) step(load<u32>(at));
  queued = queue;
}

/** Counts what matches in one caption and lists it, each pattern once. Returns where the list ends. */
function match(at: usize, length: u32): usize {
  const end = at + length;
  stamp++;
  walking = 0;
  found = list;
  let start = at;
  for (let block = at; block < end; block += 16) {
    let mask = boundaries(v128.load(block));
    if (block + 16 > end) mask &= (1 << ((end - block) as u32)) - 1;
    for (; mask; mask &= mask - 1) {
      const stop = block + ctz(mask);
      enqueue(start, (stop - start) as u32);
      if (load<u8>(stop) > 32) enqueue(stop, 1);
      start = stop + 1;
    }
  }
  enqueue(start, (end - start) as u32);
  walk();
  return found;
}

/** Counts the captions of `count` spans. A span of length 0xffffffff is no caption. */
export function countSpans(spans: usize, count: u32): void {
  for (const end = spans + ((count as usize) << 3); spans < end; spans += 8) {
    const length = load<u32>(spans, 4);
    if (length != 0xffffffff) match(load<u32>(spans), length);
  }
}

function varint(to: usize, value: u32): usize {
  for (; value > 127; value >>= 7) store<u8>(to++, value | 128);
  store<u8>(to, value);
  return to + 1;
}

/** As countSpans of one span, and writes the number of matches and the matches as varints. Returns where they end. */
export function recordSpan(span: usize, to: usize): usize {
  const length = load<u32>(span, 4);
  const end = length == 0xffffffff ? list : match(load<u32>(span), length);
  to = varint(to, ((end - list) >> 2) as u32);
  for (let at = list; at < end; at += 4) to = varint(to, load<u32>(at));
  return to;
}
