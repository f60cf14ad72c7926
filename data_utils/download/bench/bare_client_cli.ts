/**
 * What a client can reach that does nothing with its images: `bare_client_cli.ts LIST CONCURRENCY` asks for every URL of
 * a list, over connections that stay open, and prints how long it took and how much memory.
 */
import { Agent, get } from "node:http";
import { runProgram } from "../../program/outcome.ts";
import { peakBytes } from "./process_cost.ts";

function fetchOnce(url: string, agent: Agent): Promise<void> {
  return new Promise((resolve, reject) => {
    get(url, { agent }, (answer) => {
      answer.resume();
      answer.on("error", reject);
      answer.on("end", () => {
        if (answer.statusCode === 200) resolve();
        else reject(new Error(`${url} gave ${answer.statusCode}`));
      });
    }).on("error", reject);
  });
}

await runProgram(async ([list, concurrency]) => {
  const urls = (await Deno.readTextFile(list)).trimEnd().split("\n").slice(1)
    .map((line) => line.split("\t")[0]);
  const agent = new Agent({ keepAlive: true, maxSockets: Number(concurrency) });
  let next = 0;
  const began = performance.now();
  await Promise.all(Array.from({ length: Number(concurrency) }, async () => {
    while (next < urls.length) await fetchOnce(urls[next++], agent);
  }));
  const seconds = (performance.now() - began) / 1000;
  console.log(JSON.stringify({ images: urls.length, seconds, peakBytes: await peakBytes(Deno.pid) }));
  agent.destroy();
});
