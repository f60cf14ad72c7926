// 2,000 rows of all kinds, killed twice: `task soak` does it with 20,000 and ten kills.
import { loopback, startFaults } from "./download_runs.ts";
import { downloadThroughKills } from "./download_kills.ts";

Deno.test({
  name: "download: killed twice it ends with every row's outcome and asks for nothing again that is finished",
  ignore: !loopback,
  fn: async () => {
    await using faults = await startFaults();
    await downloadThroughKills(faults, { count: 2000, kills: 2 });
  },
});
