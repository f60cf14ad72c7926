// deno-lint-ignore-file
// deno-fmt-ignore-file: it takes decorators away, hence a file of its own.
// @ts-nocheck AssemblyScript, compiled into lemmas_wasm.ts: what the matcher asks of fold.ts.

/** What a code point beyond ASCII folds to. */
@external("env", "classify")
export declare function classify(point: u32): u32;
