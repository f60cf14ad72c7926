// deno-lint-ignore-file
// @ts-nocheck AssemblyScript, which `deno task wasm` compiles to word_table_wasm.ts.
// In how many captions each lemma occurs. Surface words and lemmas are records of one table, which grows with what is
// met; a surface word knows the record of its lemma, so that each word is lemmatised once.
import { hashHalves, hashLong, letterMask, needsPrepare, prepare, shortWord } from "../count/words.as.ts";
import { lemmatise } from "./lemmatise.as.ts";

const NULL_LENGTH: u32 = 0xffff_ffff;
// A record: hash, letters, the records of its lemmas (SECOND only of a contraction), the last caption it was counted
// for, the count, and the letters, filled up with zeros to a multiple of 16 bytes.
const LETTERS: usize = 4,
  FIRST: usize = 8,
  SECOND: usize = 12,
  STAMP: usize = 16,
  COUNT: usize = 20,
  BYTES: usize = 24;
// A slot: the record's address, above it the hash (while sorting, the first four letters).
const SLOT: usize = 8, FEWEST_SLOTS: u32 = 1 << 10, PAGE: usize = 1 << 16;
// Most bytes of records that one byte of caption can give: a word of two letters and the space behind it give three
// records (a contraction's) at worst.
const GROWTH: usize = 40;

let slots: usize = 0, mostSlots: u32 = 0, records: usize = 0, limit: usize = 0, fold: usize = 0;
let free: usize = 0, recordCount: u32 = 0, slotMask: u32 = 0, caption: u32 = 0;

/** An empty table: slots from one address to the other, behind them records of at most so many bytes. */
export function open_table(slotsAt: usize, recordsAt: usize, recordBytes: usize, foldAt: usize): void {
  slots = slotsAt;
  mostSlots = ((recordsAt - slotsAt) / SLOT) as u32;
  records = recordsAt;
  limit = recordBytes;
  fold = foldAt;
  clear_table();
}

/** Forgets all words. */
export function clear_table(): void {
  free = records;
  recordCount = 0;
  caption = 0;
  reach(records);
  resize(FEWEST_SLOTS);
}

/** Sets all counts to zero. Words stay, for they need not be lemmatised again. */
export function clear_counts(): void {
  for (let record = records; record < free; record = behind(record)) store<u64>(record, 0, STAMP);
  caption = 0;
  resize(slotMask + 1);
}

/** Bytes of all records. */
export function record_bytes(): usize {
  return free - records;
}

/** Most bytes of records that a caption of so many bytes can take. */
export function bytes_for(length: usize): usize {
  return GROWTH * (length + 2);
}

/**
 * Counts the captions of the spans from `spans` to `end`. Returns where it stopped: before a caption for which there
 * may not be room, unless the table is empty.
 */
export function count_spans(spans: usize, end: usize): usize {
  for (; spans < end; spans += 8) {
    const at = load<u32>(spans) as usize, given = load<u32>(spans, 4);
    if (given == NULL_LENGTH || given == 0) continue;
    let length = given as usize;
    const needed = free + GROWTH * (length + 2);
    const full = needed - records > limit || ((recordCount as usize) + length) * 2 > mostSlots as usize;
    if (full && free > records) return spans;
    reach(needed);
    if (needsPrepare(at, length, fold != 0)) length = prepare(at, length, fold);
    caption++;
    countWords(at, length);
  }
  return spans;
}

function countWords(at: usize, length: usize): void {
  const end = at + length;
  let open: usize = 0; // where a word began that reaches into the next 64 bytes
  for (let base = at; base < end; base += 64) {
    let mask = letterMask(base);
    const left = end - base;
    if (left < 64) mask &= ((1 as u64) << (left as u64)) - 1;
    if (open) {
      if (mask == u64.MAX_VALUE) continue;
      const stop = ctz(~mask);
      countWord(open, base + (stop as usize) - open);
      mask &= u64.MAX_VALUE << stop;
      open = 0;
    }
    while (mask) {
      const start = ctz(mask), letters = ctz(~(mask >> start));
      if (start + letters >= 64) {
        open = base + (start as usize);
        break;
      }
      countWord(base + (start as usize), letters as usize);
      mask &= u64.MAX_VALUE << (start + letters);
    }
  }
  if (open) countWord(open, end - open);
}

function countWord(at: usize, letters: usize): void {
  const record = enter(at, letters);
  if (load<u32>(record, FIRST) == 0) lemmatise(record);
  tick(load<u32>(record, FIRST) as usize);
  const second = load<u32>(record, SECOND);
  if (second) tick(second as usize);
}

function tick(record: usize): void {
  if (load<u32>(record, STAMP) == caption) return;
  store<u32>(record, caption, STAMP);
  store<u32>(record, load<u32>(record, COUNT) + 1, COUNT);
}

/** The record of a word, in either case; a new one where there is none. */
export function enter(at: usize, letters: usize): usize {
  let word: v128, hash: u32;
  const long = letters > 16;
  if (long) {
    word = v128.or(v128.load(at), i8x16.splat(0x20));
    hash = (hashLong(at, letters) >> 32) as u32;
  } else {
    word = shortWord(at, letters);
    hash = (hashHalves(i64x2.extract_lane(word, 0), i64x2.extract_lane(word, 1)) >> 32) as u32;
  }
  let slot = hash & slotMask;
  for (;; slot = (slot + 1) & slotMask) {
    const found = load<u64>(slots + SLOT * (slot as usize));
    if (found == 0) break;
    if ((found >> 32) as u32 != hash) continue;
    const record = found as u32 as usize;
    if (load<u32>(record, LETTERS) as usize != letters) continue;
    if (!i8x16.all_true(i8x16.eq(v128.load(record, BYTES), word))) continue;
    if (!long || sameTail(at, record + BYTES, letters)) return record;
  }
  return add(at, letters, word, hash, slot);
}

function add(at: usize, letters: usize, word: v128, hash: u32, freeSlot: u32): usize {
  const record = free;
  free += BYTES + ((letters + 15) & ~15);
  store<u32>(record, hash);
  store<u32>(record, letters as u32, LETTERS);
  store<u64>(record, 0, FIRST);
  store<u64>(record, 0, STAMP);
  v128.store(record, word, BYTES);
  if (letters > 16) copyTail(at, record + BYTES, letters);
  recordCount++;
  if (recordCount * 2 > slotMask + 1 && slotMask + 1 < mostSlots) resize(2 * (slotMask + 1));
  else fill(freeSlot, record, hash);
  return record;
}

/** The letters behind the first 16, lower-cased; zeros fill the last 16 bytes. */
function copyTail(at: usize, to: usize, letters: usize): void {
  let i: usize = 16;
  for (; i + 16 <= letters; i += 16) v128.store(to + i, v128.or(v128.load(at + i), i8x16.splat(0x20)));
  if (i < letters) v128.store(to + i, shortWord(at + i, letters - i));
}

function sameTail(at: usize, known: usize, letters: usize): bool {
  let i: usize = 16;
  for (; i + 16 <= letters; i += 16) {
    const bytes = v128.or(v128.load(at + i), i8x16.splat(0x20));
    if (!i8x16.all_true(i8x16.eq(v128.load(known + i), bytes))) return false;
  }
  return i >= letters || i8x16.all_true(i8x16.eq(v128.load(known + i), shortWord(at + i, letters - i)));
}

function fill(slot: u32, record: usize, hash: u32): void {
  store<u64>(slots + SLOT * (slot as usize), ((hash as u64) << 32) | (record as u64));
}

/** Takes so many slots and fills them anew from the records. */
function resize(count: u32): void {
  slotMask = count - 1;
  memory.fill(slots, 0, SLOT * (count as usize));
  for (let record = records; record < free; record = behind(record)) {
    const hash = load<u32>(record);
    let slot = hash & slotMask;
    while (load<u64>(slots + SLOT * (slot as usize))) slot = (slot + 1) & slotMask;
    fill(slot, record, hash);
  }
}

function behind(record: usize): usize {
  return record + BYTES + (((load<u32>(record, LETTERS) as usize) + 15) & ~15);
}

function reach(address: usize): void {
  const here = (memory.size() as usize) * PAGE;
  if (address > here && memory.grow(((address - here + PAGE - 1) / PAGE) as i32) < 0) unreachable();
}

let sortedItems: usize = 0;

/**
 * Sorts the words with a count by their bytes and returns how many there are; `sorted_at` says where their records are
 * listed, 8 bytes for each, the address first. The slots serve as room for it: then the table has to be cleared, or its
 * counts, before more is counted.
 */
export function sort_words(): u32 {
  let count: usize = 0;
  for (let record = records; record < free; record = behind(record)) {
    if (load<u32>(record, COUNT) == 0) continue;
    const letters = bswap(load<u32>(record, BYTES));
    store<u64>(slots + SLOT * count++, ((letters as u64) << 32) | (record as u64));
  }
  let from = slots, to = slots + SLOT * count;
  for (let width: usize = 1; width < count; width *= 2) {
    for (let start: usize = 0; start < count; start += 2 * width) {
      mergeRuns(from, to, start, min(start + width, count), min(start + 2 * width, count));
    }
    const other = from;
    from = to;
    to = other;
  }
  sortedItems = from;
  return count as u32;
}

/** Address of what `sort_words` sorted. */
export function sorted_at(): usize {
  return sortedItems;
}

/** Merges the items from start to middle with those from middle to end. */
function mergeRuns(from: usize, to: usize, start: usize, middle: usize, end: usize): void {
  let left = start, right = middle;
  for (let i = start; i < end; i++) {
    const takeLeft = right >= end ||
      (left < middle && isBefore(load<u64>(from + SLOT * left), load<u64>(from + SLOT * right)));
    store<u64>(to + SLOT * i, load<u64>(from + SLOT * (takeLeft ? left : right)));
    if (takeLeft) left++;
    else right++;
  }
}

function isBefore(a: u64, b: u64): bool {
  if (a >> 32 != b >> 32) return a < b;
  const first = a as u32 as usize, second = b as u32 as usize;
  const shorter = min(load<u32>(first, LETTERS), load<u32>(second, LETTERS)) as usize;
  for (let i: usize = 0; i < shorter; i += 8) {
    const x = bswap(load<u64>(first + i, BYTES)), y = bswap(load<u64>(second + i, BYTES));
    if (x != y) return x < y;
  }
  return load<u32>(first, LETTERS) < load<u32>(second, LETTERS);
}
