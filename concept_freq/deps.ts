/**
 * The external packages of concept_freq, each named once with its version, so that every module here can be imported
 * by URL.
 */

/** hyparquet-writer: parquet files, with its own snappy. */
// deno-lint-ignore no-import-prefix
export const loadParquetWriter = () => import("npm:hyparquet-writer@0.17.0");

/** The parts of hyparquet-writer for columns whose values and levels are given as they are to be stored. */
export const loadParquetColumns = async () => {
  const [{ writeColumn }, { writeMetadata }, { ByteWriter }, { snappyCompress }] = await Promise.all([
    // deno-lint-ignore no-import-prefix
    import("npm:hyparquet-writer@0.17.0/src/column.js"),
    // deno-lint-ignore no-import-prefix
    import("npm:hyparquet-writer@0.17.0/src/metadata.js"),
    // deno-lint-ignore no-import-prefix
    import("npm:hyparquet-writer@0.17.0/src/bytewriter.js"),
    // deno-lint-ignore no-import-prefix
    import("npm:hyparquet-writer@0.17.0/src/snappy.js"),
  ]);
  return { writeColumn, writeMetadata, ByteWriter, snappyCompress };
};
