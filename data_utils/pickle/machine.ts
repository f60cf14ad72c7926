/**
 * Reads a pickle without being able to run anything. Python's own reader calls whatever function the file names; this
 * one asks its caller for every name, and only what the caller gives back can be called. The instructions are those of
 * the binary protocols 2 to 5, as torch writes them; each reads its operands, works on a stack, and costs no more than
 * its bytes are worth.
 */
import { describeValue, isKind, type PickleName, type PickleValue } from "./values.ts";

/** What a pickle's reader decides about names, and about ids of things that lie outside the pickle. */
export interface PickleHost {
  /** What `module.name` stands for. Throws SyntaxError where it is none of those that are known. */
  name(module: string, name: string): PickleName;
  persistent(id: PickleValue): PickleValue;
}

/** Containers a pickle may make, and values it may keep at a time: 100,000 tensors need less than a fifth. */
const MOST_VALUES = 4_000_000;
/** Bytes of a whole number, beyond which no count or size lies. */
const LONGEST_NUMBER = 64;

const MARK = Symbol("mark");
type Slot = PickleValue | typeof MARK;

const isKey = (value: PickleValue) =>
  value === null || typeof value !== "object" || (Array.isArray(value) && Object.isFrozen(value));
const isMap = (value: PickleValue): value is Map<PickleValue, PickleValue> => value instanceof Map;

/** A little-endian two's complement number of any length. */
function wholeNumber(bytes: Uint8Array): number | bigint {
  let value = 0n;
  for (let i = bytes.length; i-- > 0;) value = value << 8n | BigInt(bytes[i]);
  if (bytes.length > 0 && bytes[bytes.length - 1] > 127) value -= 1n << BigInt(8 * bytes.length);
  return value >= BigInt(Number.MIN_SAFE_INTEGER) && value <= BigInt(Number.MAX_SAFE_INTEGER)
    ? Number(value)
    : value;
}

/**
 * The value of a pickle. Throws SyntaxError, beginning with `source`, for a cut or malformed pickle, an instruction
 * that torch does not write, a name the host refuses, and one that is used for what it is not.
 */
export function readPickle(bytes: Uint8Array, host: PickleHost, source: string): PickleValue {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const stack: Slot[] = [], memo = new Map<number, PickleValue>();
  const text = new TextDecoder("utf-8", { fatal: true });
  let at = 0, opAt = 0, containers = 0;

  const fail = (why: string): never => {
    throw new SyntaxError(`${source}: ${why} (at byte ${opAt} of the pickle)`);
  };
  const take = (count: number): Uint8Array => {
    if (!(count >= 0 && at + count <= bytes.length)) fail("the pickle ends in the middle of a value");
    return bytes.subarray(at, at += count);
  };
  const operand = (count: 1 | 2 | 4 | 8): number => {
    take(count);
    if (count === 8) return Number(view.getBigUint64(at - 8, true));
    return count === 4
      ? view.getUint32(at - 4, true)
      : count === 2
      ? view.getUint16(at - 2, true)
      : bytes[at - 1];
  };
  const words = (count: number): string => {
    const part = take(count);
    try {
      return text.decode(part);
    } catch {
      return fail("a text is not UTF-8");
    }
  };
  const line = (): string => {
    const end = bytes.indexOf(10, at);
    if (end < 0) fail("the pickle ends in the middle of a name");
    const read = words(end - at);
    at++;
    return read;
  };
  const push = (value: PickleValue) => {
    if (stack.push(value) > MOST_VALUES) fail(`it keeps more than ${MOST_VALUES} values`);
  };
  const keep = (index: number) => {
    if (memo.set(index, top()).size > MOST_VALUES) fail(`it keeps more than ${MOST_VALUES} values`);
  };
  const make = <T extends PickleValue>(value: T): T => {
    if (++containers > MOST_VALUES) fail(`it makes more than ${MOST_VALUES} lists and objects`);
    return value;
  };
  const pop = (): PickleValue => {
    const top = stack.pop();
    if (top === undefined || top === MARK) return fail("it takes more from the stack than there is");
    return top;
  };
  const top = (): PickleValue => {
    const value = stack.at(-1);
    if (value === undefined || value === MARK) return fail("it takes more from the stack than there is");
    return value;
  };
  const sinceMark = (): PickleValue[] => {
    const mark = stack.lastIndexOf(MARK);
    if (mark < 0) fail("it takes more from the stack than there is");
    return stack.splice(mark).slice(1) as PickleValue[];
  };
  const tuple = (values: PickleValue[]) => push(make(Object.freeze(values)));
  const recall = (index: number) =>
    memo.has(index) ? push(memo.get(index)!) : fail(`it recalls value ${index}, never kept`);
  const append = (values: readonly PickleValue[]) => {
    const list = top();
    if (!Array.isArray(list) || Object.isFrozen(list)) fail(`it appends to ${describeValue(list)}`);
    for (const value of values) (list as PickleValue[]).push(value);
  };
  const setItems = (pairs: readonly PickleValue[]) => {
    const dict = top();
    if (!isMap(dict)) return fail(`it sets items of ${describeValue(dict)}`);
    if (pairs.length % 2 !== 0) fail("a dict has a key without a value");
    for (let i = 0; i < pairs.length; i += 2) {
      if (!isKey(pairs[i])) fail(`${describeValue(pairs[i])} is the key of a dict`);
      dict.set(pairs[i], pairs[i + 1]);
    }
  };
  const argumentsOf = (value: PickleValue): readonly PickleValue[] =>
    Array.isArray(value) && Object.isFrozen(value) ? value : fail("arguments are no tuple");
  const reduce = () => {
    const args = argumentsOf(pop()), callee = pop();
    if (!isKind(callee, "name")) return fail(`it calls ${describeValue(callee)}`);
    if (callee.call === undefined) return fail(`it calls ${callee.full}, which is no function here`);
    try {
      push(make(callee.call(args)));
    } catch (error) {
      if (error instanceof SyntaxError) fail(error.message);
      throw error;
    }
  };
  const makeObject = () => {
    argumentsOf(pop());
    const made = pop();
    if (!isKind(made, "name")) return fail(`it makes an object of ${describeValue(made)}`);
    if (made.make === undefined) return fail(`it makes an object of ${made.full}, which is no class here`);
    push(make(made.make()));
  };
  /** State of an object: its attributes. Of dicts and tensors it is what torch notes beside the values. */
  const build = () => {
    const state = pop(), object = top();
    if (isMap(object)) return;
    if (!isKind(object, "record")) return fail(`it gives a state to ${describeValue(object)}`);
    const { fields } = object;
    if (!isMap(state)) return void fields.set("__state__", state);
    for (const [key, value] of state) fields.set(key, value);
  };
  const named = (module: string, name: string) => {
    try {
      push(host.name(module, name));
    } catch (error) {
      if (error instanceof SyntaxError) fail(error.message);
      throw error;
    }
  };
  const namedOnStack = () => {
    const name = pop(), module = pop();
    if (typeof name !== "string" || typeof module !== "string") return fail("a name is no text");
    named(module, name);
  };
  const persistent = () => {
    const id = pop();
    try {
      push(host.persistent(id));
    } catch (error) {
      if (error instanceof SyntaxError) fail(error.message);
      throw error;
    }
  };
  const number = (count: number) =>
    count > LONGEST_NUMBER ? fail(`a whole number has ${count} bytes`) : push(wholeNumber(take(count)));
  const float = () => {
    take(8);
    push(view.getFloat64(at - 8));
  };
  const signed = () => {
    take(4);
    push(view.getInt32(at - 4, true));
  };
  const lastOf = (count: number) => tuple(Array.from({ length: count }, pop).reverse());

  const instructions: Readonly<Record<number, () => void>> = {
    0x95: () => void take(8), // FRAME
    0x28: () => void stack.push(MARK), // MARK
    0x30: () => void (stack.at(-1) === MARK ? stack.pop() : pop()), // POP
    0x31: () => void sinceMark(), // POP_MARK
    0x32: () => push(top()), // DUP
    0x4e: () => push(null), // NONE
    0x88: () => push(true), // NEWTRUE
    0x89: () => push(false), // NEWFALSE
    0x4b: () => push(operand(1)), // BININT1
    0x4d: () => push(operand(2)), // BININT2
    0x4a: signed, // BININT
    0x8a: () => number(operand(1)), // LONG1
    0x8b: () => number(operand(4)), // LONG4
    0x47: float, // BINFLOAT
    0x8c: () => push(words(operand(1))), // SHORT_BINUNICODE
    0x58: () => push(words(operand(4))), // BINUNICODE
    0x8d: () => push(words(operand(8))), // BINUNICODE8
    0x43: () => push(take(operand(1)).slice()), // SHORT_BINBYTES
    0x42: () => push(take(operand(4)).slice()), // BINBYTES
    0x8e: () => push(take(operand(8)).slice()), // BINBYTES8
    0x5d: () => push(make([])), // EMPTY_LIST
    0x29: () => tuple([]), // EMPTY_TUPLE
    0x7d: () => push(make(new Map())), // EMPTY_DICT
    0x85: () => lastOf(1), // TUPLE1
    0x86: () => lastOf(2), // TUPLE2
    0x87: () => lastOf(3), // TUPLE3
    0x74: () => tuple(sinceMark()), // TUPLE
    0x6c: () => push(make(sinceMark())), // LIST
    0x61: () => append([pop()]), // APPEND
    0x65: () => append(sinceMark()), // APPENDS
    0x73: () => setItems([pop(), pop()].reverse()), // SETITEM
    0x75: () => setItems(sinceMark()), // SETITEMS
    0x71: () => keep(operand(1)), // BINPUT
    0x72: () => keep(operand(4)), // LONG_BINPUT
    0x94: () => keep(memo.size), // MEMOIZE
    0x68: () => recall(operand(1)), // BINGET
    0x6a: () => recall(operand(4)), // LONG_BINGET
    0x63: () => named(line(), line()), // GLOBAL
    0x93: namedOnStack, // STACK_GLOBAL
    0x51: persistent, // BINPERSID
    0x52: reduce, // REDUCE
    0x81: makeObject, // NEWOBJ
    0x62: build, // BUILD
  };
  /** Instructions of Python that torch has no use for, by name, so that a message can say what was found. */
  const unused: Readonly<Record<number, string>> = {
    0x69: "INST",
    0x6f: "OBJ",
    0x92: "NEWOBJ_EX",
    0x82: "EXT1",
    0x83: "EXT2",
    0x84: "EXT4",
    0x50: "PERSID",
    0x97: "NEXT_BUFFER",
  };

  if (bytes[0] !== 0x80) fail("this is no pickle of the binary protocols");
  for (;;) {
    opAt = at;
    const op = operand(1);
    if (op === 0x80) { // PROTO
      const protocol = operand(1);
      if (protocol < 2 || protocol > 5) fail(`protocol ${protocol} is none of 2 to 5`);
    } else if (op === 0x2e) { // STOP
      const value = pop();
      if (stack.length > 0) fail("it leaves values on the stack");
      return value;
    } else if (Object.hasOwn(instructions, op)) instructions[op]();
    else {fail(
        `instruction ${unused[op] ?? `0x${op.toString(16).padStart(2, "0")}`} is none that torch writes`,
      );}
  }
}
