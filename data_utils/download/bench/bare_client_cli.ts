/**
 * What a client can reach that does nothing with its images: `bare_client_cli.ts LIST CONCURRENCY` asks for every URL of
 * a list, over connections that stay open, and prints how many bytes came and how long it took.
 */
import { Agent, get } from "node:http";
import { runProgram } from "../../program/outcome.ts";

function bytesOf(url: string, agent: Agent): Promise<number> {
  return new Promise((resolve, reject) => {
    get(url, { agent }, (answer) => {
      let bytes = 0;
      answer.on("data", (chunk: Uint8Array) => bytes += chunk.length);
      answer.on("error", reject);
      answer.on("end", () => {
        if (answer.statusCode === 200) resolve(bytes);
        else reject(new Error(`${url} gave ${answer.statusCode}`));
      });
    }).on("error", reject);
  });
}

await runProgram(async ([list, concurrency]) => {
  const urls = (await Deno.readTextFile(list)).trimEnd().split("\n").slice(1)
    .map((line) => line.split("\t")[0]);
  const agent = new Agent({ keepAlive: true, maxSockets: Number(concurrency) });
  let next = 0, bytes = 0;
  const began = performance.now();
  await Promise.all(Array.from({ length: Number(concurrency) }, async () => {
    while (next < urls.length) bytes += await bytesOf(urls[next++], agent);
  }));
  console.log(JSON.stringify({ images: urls.length, bytes, seconds: (performance.now() - began) / 1000 }));
  agent.destroy();
});
