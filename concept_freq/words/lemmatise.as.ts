// deno-lint-ignore-file
// deno-fmt-ignore-file: it takes decorators away, hence a file of its own.
// @ts-nocheck AssemblyScript, compiled into word_table_wasm.ts: what the table asks of word_table.ts.

/** Has the lemmas of a new word entered (`enter`) and their records noted in the word's own, FIRST and SECOND. */
@external("env", "lemmatise")
export declare function lemmatise(record: usize): void;
