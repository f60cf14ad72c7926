/**
 * The server of `data download-bench`, in a process of its own: `/kept/ID` is a JPEG of 20 KB, `/photo/ID` one of 640 x
 * 480 pixels, ID a whole number; no two are equal. It prints its port as JSON and ends when its standard input does.
 */
import { runProgram } from "../../program/outcome.ts";
import { numberedJpeg } from "./made_jpegs.ts";

/** Pictures of each kind, beside the comments that tell all files apart. */
const PICTURES = 8;

const recipes = {
  kept: { width: 320, height: 240, bytes: 20_480 },
  photo: { width: 640, height: 480, bytes: 61_440 },
};

async function picturesOf(kind: keyof typeof recipes) {
  const pictures = [];
  for (let seed = 0; seed < PICTURES; seed++) {
    pictures.push(await numberedJpeg({ ...recipes[kind], seed }));
  }
  return pictures;
}

await runProgram(async (_args, signal) => {
  const kinds = new Map([["kept", await picturesOf("kept")], ["photo", await picturesOf("photo")]]);
  const headers = { "content-type": "image/jpeg" };
  const server = Deno.serve({
    ...{ hostname: "127.0.0.1", port: 0 },
    handler({ url }) {
      const [, kind, id] = /^http:\/\/[^/]+\/(\w+)\/(\d{1,15})$/.exec(url) ?? [];
      const pictures = kinds.get(kind);
      if (!pictures) return new Response(null, { status: 404 });
      return new Response(pictures[Number(id) % PICTURES](Number(id)), { headers });
    },
    onListen: ({ port }) => console.log(JSON.stringify({ port })),
  });
  const stopped = new Promise((resolve) => signal.addEventListener("abort", resolve));
  await Promise.race([stopped, Array.fromAsync(Deno.stdin.readable)]);
  await server.shutdown();
});
