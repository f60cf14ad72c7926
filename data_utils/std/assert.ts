// The name `@std/assert` of tests and programs: the stable @std modules as the npm package deno-std ships
// them (JSR cannot be reached everywhere our commands must work), with the types that package lacks.
// Nothing that a mod.ts reaches may import this file: only deno.json's names lead here.

// @ts-types="./assert.d.ts"
export * from "npm:deno-std@1.4.0/assert/mod.js";
