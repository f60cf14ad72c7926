/**
 * Random order for a sequence that is too long to hold: a buffer is kept full, and what comes next is drawn out of it. The
 * longer the buffer, the nearer to a shuffle of the whole.
 */
import { type RandomStream } from "../random/philox.ts";

/**
 * The items of `source`, each once, in the order that `random` draws: one draw per item, made when the buffer holds `size`
 * items or the source has ended. An item comes out at most `size` - 1 places early, and any number late.
 */
export async function* shuffled<T>(
  source: AsyncIterable<T>,
  size: number,
  random: Pick<RandomStream, "int">,
): AsyncGenerator<T> {
  const buffer: T[] = [];
  const draw = () => {
    const at = random.int(buffer.length), item = buffer[at], end = buffer.pop()!;
    if (at < buffer.length) buffer[at] = end;
    return item;
  };
  for await (const item of source) {
    buffer.push(item);
    if (buffer.length === size) yield draw();
  }
  while (buffer.length > 0) yield draw();
}
