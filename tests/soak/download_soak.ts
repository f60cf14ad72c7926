// `data download` over 20,000 rows of all kinds of faults, killed ten times at random moments: nothing is lost, nothing asked
// for again that is finished, nothing hangs, and memory stays bounded.
import { loopback, startFaults } from "../download/download_runs.ts";
import { downloadThroughKills } from "../download/download_kills.ts";
import { progress } from "./progress.ts";

Deno.test({
  name: "download: 20,000 rows of all kinds, killed ten times",
  ignore: !loopback,
  fn: async () => {
    await using faults = await startFaults();
    await downloadThroughKills(faults, { count: 20_000, kills: 10, tell: progress });
  },
});
