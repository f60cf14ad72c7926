// Runs the test counter in a process of its own, to be killed: inputs, folder, delay; prints the counts' places above zero.
import { countOf, jobOf, places } from "./run_made.ts";

if (import.meta.main) {
  const [input, out, delay] = Deno.args;
  const { counts, outcome } = await countOf(jobOf([input], out, { spec: { places, delay: Number(delay) } }));
  console.log(JSON.stringify({ counts: Array.from(counts), resumed: outcome.resumed }));
  Deno.exit(0);
}
