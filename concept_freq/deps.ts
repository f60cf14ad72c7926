/**
 * The external packages of concept_freq, each named once with its version, so that every module here can be imported
 * by URL.
 */

/** hyparquet-writer: parquet files, with its own snappy. */
// deno-lint-ignore no-import-prefix
export const loadParquetWriter = () => import("npm:hyparquet-writer@0.17.0");
