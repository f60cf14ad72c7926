/**
 * The kinds of counters by name, each loaded where it is first used, so that a worker loads its own only.
 */
import type { CounterKind } from "../count/counter.ts";

// deno-lint-ignore no-explicit-any
const kinds: Readonly<Record<string, () => Promise<CounterKind<any>>>> = {
  class: async () => (await import("../count/class_counter.ts")).classKind,
  substring: async () => (await import("../substring/substring_counter.ts")).substringKind,
  matches: async () => (await import("../substring/match_lists.ts")).matchesKind,
  word: async () => (await import("../words/word_counter.ts")).wordKind,
};

/**
 * The counter of this name; a name that is a URL is that of a module which exports it as `counterKind`. Throws
 * RangeError for a name that is unknown.
 */
export async function counterKind(name: string): Promise<CounterKind<unknown>> {
  if (Object.hasOwn(kinds, name)) return await kinds[name]();
  if (!URL.canParse(name)) throw new RangeError(`There is no counter "${name}"`);
  return (await import(name)).counterKind;
}
