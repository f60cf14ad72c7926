/** The table of `freq word`, from its own partial results or from those that a merge brings together. */
import { writeAtomically } from "../../data_utils/mod.ts";
import { grouped } from "../run/count_progress.ts";
import type { WriteTables } from "../run/tables.ts";
import { byteWriter } from "../words/byte_writer.ts";
import { mergeRuns } from "../words/merge_runs.ts";
import { orderByCount } from "../words/order_by_count.ts";

const TAB = 9, LINE_END = 10, SAID_EVERY = 2 ** 17;

export const wordTables: WriteTables = async ({ partials }, { out, name, scratch, progress, signal }) => {
  const runs = partials.map(({ path, bodyAt, bodyBytes }) => ({ path, at: bodyAt, bytes: bodyBytes }));
  const order = orderByCount({ scratch, signal }), digits = new TextEncoder();
  let words = 0;
  await mergeRuns(runs, (word, from, length, count) => {
    order.add(word, from, length, count);
    if (++words % SAID_EVERY === 0) progress.show(`putting words together: ${grouped(words)}`);
  }, { scratch, signal });
  const table = `${out}/word_frequency_${name}.txt`;
  await writeAtomically(table, async (file) => {
    const lines = byteWriter(file);
    await order.finish((word, from, length, count) => {
      lines.bytes(word, from, length);
      lines.byte(TAB);
      const text = digits.encode(String(count));
      lines.bytes(text, 0, text.length);
      lines.byte(LINE_END);
    });
    lines.flush();
  });
  progress.note(`${grouped(words)} words`);
  return { tables: [table], provenance: table.replace(/txt$/, "json") };
};
