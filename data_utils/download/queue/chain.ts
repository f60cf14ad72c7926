/**
 * First in, first out, in constant time: items that hold the link to the next one themselves, so that a hundred
 * thousand waiting tasks cost no array that is shifted or grown. An item is in one chain at a time.
 */

interface Link<T> {
  next: T | null;
}

/** Items in order. */
export interface Chain<T> {
  first: T | null;
  last: T | null;
}

export function emptyChain<T>(): Chain<T> {
  return { first: null, last: null };
}

export function append<T extends Link<T>>(chain: Chain<T>, item: T): void {
  item.next = null;
  if (chain.last) chain.last.next = item;
  else chain.first = item;
  chain.last = item;
}

export function prepend<T extends Link<T>>(chain: Chain<T>, item: T): void {
  item.next = chain.first;
  chain.first = item;
  chain.last ??= item;
}

/** Moves all items of `from` behind those of `chain`. */
export function appendAll<T extends Link<T>>(chain: Chain<T>, from: Chain<T>): void {
  if (!from.first) return;
  if (chain.last) chain.last.next = from.first;
  else chain.first = from.first;
  chain.last = from.last;
  from.first = from.last = null;
}

/** Takes the first item out; null when there is none. */
export function takeFirst<T extends Link<T>>(chain: Chain<T>): T | null {
  const item = chain.first;
  if (!item) return null;
  chain.first = item.next;
  if (!chain.first) chain.last = null;
  item.next = null;
  return item;
}
