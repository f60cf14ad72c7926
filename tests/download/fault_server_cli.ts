// The fault server as a program: prints one line of JSON with its ports and its authority, and serves until its stdin ends.
import { startFaultServer } from "./fault_server.ts";

if (Deno.args.length > 0) {
  console.log(`Serves on loopback what tests/download/fault_answers.ts names, as /KIND/ID, until stdin ends.

Usage: deno run -A tests/download/fault_server_cli.ts

GET /_requests tells how often each path was asked for, /_requests/KIND/ID that of one; GET /_heal makes the
kinds *-until-healed succeed.`);
  Deno.exit(Deno.args[0] === "--help" ? 0 : 2);
}
await using server = await startFaultServer();
const { http, https, selfSigned, expired, authority } = server;
console.log(JSON.stringify({ http, https, selfSigned, expired, authority }));
await Deno.stdin.readable.pipeTo(new WritableStream());
