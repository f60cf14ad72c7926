// The name `@std/cli` of tests and programs: parseArgs of the npm package deno-std, with types of its own.
// Flags named under `boolean`, `string` and `collect` come back typed; every other name is `unknown`.
// Nothing that a mod.ts reaches may import this file: only deno.json's names lead here.

// @ts-types="./cli.d.ts"
export { parseArgs } from "npm:deno-std@1.4.0/cli/parse_args.js";
