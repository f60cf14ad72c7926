// deno-lint-ignore-file
// @ts-nocheck AssemblyScript, which `deno task wasm` compiles to concepts_wasm.ts.
// Which classes a caption mentions. The words of a caption are looked up in a table of all surface forms that the
// phrases can take, so that no word is lemmatised while counting; what remains is whether all tokens of a phrase are
// there. The image (compile.ts writes it) is a header of u32 and then the lists; behind it lie the tables built here.
import { hashHalves, hashLong, letterMask, needsPrepare, prepare, sameLong, shortWord } from "./words.as.ts";

const NONE: u32 = 0xffff_ffff;
const NULL_LENGTH: u32 = 0xffff_ffff;
const LONG_MARK: u64 = 0x8000_0000_0000_0000;
// An entry of the table: the word's halves (or hash and length), its one or two tokens, its bytes where it is long.
const ENTRY: usize = 32, HIGH: usize = 8, FIRST: usize = 16, SECOND: usize = 20, BYTES: usize = 24;

let tokens: usize = 0, classes: usize = 0, everyCount: usize = 0, fold: usize = 0;
let singleStart: usize = 0, single: usize = 0, keyedStart: usize = 0, keyed: usize = 0;
let vetoStart: usize = 0, veto: usize = 0, every: usize = 0;
let tokenStamp: usize = 0, classStamp: usize = 0, counts: usize = 0, present: usize = 0, hits: usize = 0;
let tags: usize = 0, entries: usize = 0, slotMask: u32 = 0;
let caption: u32 = 0, presentCount: usize = 0, hitCount: usize = 0;

/** Takes the image at `image` and builds its tables behind it, from `free`. Returns the address behind all. */
export function load_concepts(image: usize, free: usize): usize {
  tokens = load<u32>(image) as usize;
  classes = load<u32>(image, 4) as usize;
  const surfaces = load<u32>(image, 8) as usize;
  everyCount = load<u32>(image, 12) as usize;
  const surface = image + load<u32>(image, 16);
  singleStart = image + load<u32>(image, 20);
  single = image + load<u32>(image, 24);
  keyedStart = image + load<u32>(image, 28);
  keyed = image + load<u32>(image, 32);
  vetoStart = image + load<u32>(image, 36);
  veto = image + load<u32>(image, 40);
  every = image + load<u32>(image, 44);
  const letters = image + load<u32>(image, 48);
  fold = load<u32>(image, 52) ? image + load<u32>(image, 52) : 0;

  tokenStamp = free;
  classStamp = tokenStamp + 4 * tokens;
  counts = classStamp + 4 * classes;
  present = counts + 4 * classes;
  hits = present + 4 * tokens;
  slotMask = tableSlots(surfaces as u32) - 1;
  tags = (hits + 4 * classes + 15) & ~15;
  entries = (tags + 2 * (slotMask as usize + 1) + 31) & ~31;
  const end = entries + ENTRY * (slotMask as usize + 1);
  memory.fill(free, 0, entries - free);
  caption = 0;
  for (let i: usize = 0; i < surfaces; i++) addSurface(surface + 16 * i, letters);
  return end;
}

/** Bytes behind the image that `load_concepts` takes for so many tokens, classes and surface forms. */
export function table_bytes(tokenCount: usize, classCount: usize, surfaces: u32): usize {
  return 8 * tokenCount + 12 * classCount + (tableSlots(surfaces) as usize) * (ENTRY + 2) + 64;
}

function tableSlots(surfaces: u32): u32 {
  let slots: u32 = 64;
  while (slots < 3 * surfaces) slots <<= 1;
  return slots;
}

function addSurface(record: usize, letters: usize): void {
  const at = letters + load<u32>(record), length = load<u32>(record, 4) as usize;
  const long = length > 16;
  let low: u64, high: u64;
  if (long) {
    low = hashLong(at, length);
    high = LONG_MARK | (length as u64);
  } else {
    const word = shortWord(at, length);
    low = i64x2.extract_lane(word, 0) as u64;
    high = i64x2.extract_lane(word, 1) as u64;
  }
  const hash = hashHalves(low, high);
  let slot = ((hash >> 32) as u32) & slotMask;
  while (load<u16>(tags + 2 * (slot as usize))) slot = (slot + 1) & slotMask;
  store<u16>(tags + 2 * (slot as usize), tagOf(hash));
  const entry = entries + ENTRY * (slot as usize);
  store<u64>(entry, low);
  store<u64>(entry, high, HIGH);
  store<u32>(entry, load<u32>(record, 8), FIRST);
  store<u32>(entry, load<u32>(record, 12), SECOND);
  store<u32>(entry, at as u32, BYTES);
}

function tagOf(hash: u64): u32 {
  return ((hash as u32) & 0xffff) | 1;
}

/** Forgets which caption stamped what; to be called before 2^32 captions have passed. */
export function restamp(): void {
  memory.fill(tokenStamp, 0, 4 * tokens);
  memory.fill(classStamp, 0, 4 * classes);
  caption = 0;
}

/** Address of the counts, one u32 per class. */
export function counts_at(): usize {
  return counts;
}

/** Address of the classes (u32) that the last caption of `match` mentions. */
export function hits_at(): usize {
  return hits;
}

/** Counts the captions of so many spans (address and length, u32 each). */
export function count_spans(spans: usize, count: usize): void {
  for (const end = spans + 8 * count; spans < end; spans += 8) {
    match(load<u32>(spans) as usize, load<u32>(spans, 4));
    for (let i: usize = 0; i < hitCount; i++) {
      const cell = counts + 4 * (load<u32>(hits + 4 * i) as usize);
      store<u32>(cell, load<u32>(cell) + 1);
    }
  }
}

/** Finds the classes that one caption mentions and returns how many there are; may overwrite the caption. */
export function match(at: usize, given: u32): usize {
  caption++;
  presentCount = 0;
  hitCount = 0;
  if (given != NULL_LENGTH && given > 0) {
    let length = given as usize;
    if (needsPrepare(at, length, fold != 0)) length = prepare(at, length, fold);
    findTokens(at, length);
  }
  for (let i: usize = 0; i < everyCount; i++) hit(load<u32>(every + 4 * i));
  for (let i: usize = 0; i < presentCount; i++) findPhrases(load<u32>(present + 4 * i) as usize);
  return hitCount;
}

function findTokens(at: usize, length: usize): void {
  const end = at + length;
  let open: usize = 0; // where a word began that reaches into the next 64 bytes
  for (let base = at; base < end; base += 64) {
    let mask = letterMask(base);
    const left = end - base;
    if (left < 64) mask &= ((1 as u64) << (left as u64)) - 1;
    if (open) {
      if (mask == u64.MAX_VALUE) continue;
      const stop = ctz(~mask);
      findWord(open, base + (stop as usize) - open);
      mask &= u64.MAX_VALUE << stop;
      open = 0;
    }
    while (mask) {
      const start = ctz(mask), letters = ctz(~(mask >> start));
      if (start + letters >= 64) {
        open = base + (start as usize);
        break;
      }
      findWord(base + (start as usize), letters as usize);
      mask &= u64.MAX_VALUE << (start + letters);
    }
  }
  if (open) findWord(open, end - open);
}

function findWord(at: usize, letters: usize): void {
  let low: u64, high: u64;
  const long = letters > 16;
  if (long) {
    low = hashLong(at, letters);
    high = LONG_MARK | (letters as u64);
  } else {
    const word = shortWord(at, letters);
    low = i64x2.extract_lane(word, 0) as u64;
    high = i64x2.extract_lane(word, 1) as u64;
  }
  const hash = hashHalves(low, high), tag = tagOf(hash);
  let slot = ((hash >> 32) as u32) & slotMask;
  for (;; slot = (slot + 1) & slotMask) {
    const found = load<u16>(tags + 2 * (slot as usize)) as u32;
    if (found == 0) return;
    if (found != tag) continue;
    const entry = entries + ENTRY * (slot as usize);
    if (load<u64>(entry) != low || load<u64>(entry, HIGH) != high) continue;
    if (long && !sameLong(at, load<u32>(entry, BYTES) as usize, letters)) continue;
    findToken(load<u32>(entry, FIRST));
    const second = load<u32>(entry, SECOND);
    if (second != NONE) findToken(second);
    return;
  }
}

function findToken(token: u32): void {
  const stamp = tokenStamp + 4 * (token as usize);
  if (load<u32>(stamp) == caption) return;
  store<u32>(stamp, caption);
  store<u32>(present + 4 * presentCount++, token);
}

/** Phrases of this token alone, and longer ones that are kept under it (the rarest of theirs). */
function findPhrases(token: usize): void {
  for (
    let i = load<u32>(singleStart + 4 * token), end = load<u32>(singleStart + 4 * token, 4);
    i < end;
    i++
  ) {
    hit(load<u32>(single + 4 * (i as usize)));
  }
  let record = keyed + 4 * (load<u32>(keyedStart + 4 * token) as usize);
  const end = keyed + 4 * (load<u32>(keyedStart + 4 * token, 4) as usize);
  while (record < end) {
    const others = load<u32>(record, 4) as usize;
    if (allPresent(record + 8, others)) hit(load<u32>(record));
    record += 8 + 4 * others;
  }
}

function allPresent(list: usize, count: usize): bool {
  for (let i: usize = 0; i < count; i++) {
    if (load<u32>(tokenStamp + 4 * (load<u32>(list + 4 * i) as usize)) != caption) return false;
  }
  return true;
}

function hit(index: u32): void {
  const stamp = classStamp + 4 * (index as usize);
  if (load<u32>(stamp) == caption) return;
  store<u32>(stamp, caption); // also where a veto falls: it falls for every phrase of the class
  let record = veto + 4 * (load<u32>(vetoStart + 4 * (index as usize)) as usize);
  const end = veto + 4 * (load<u32>(vetoStart + 4 * (index as usize), 4) as usize);
  while (record < end) {
    const words = load<u32>(record) as usize;
    if (allPresent(record + 4, words)) return;
    record += 4 + 4 * words;
  }
  store<u32>(hits + 4 * hitCount++, index);
}
