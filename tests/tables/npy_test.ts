// .npy files: as NumPy writes them, by hand; whole and cut short; rows by their number.
import { assertEquals, assertRejects } from "@std/assert";
import { npyWriter, openNpy } from "../../data_utils/tables/npy.ts";
import { join, withFolder } from "../data_utils/made_files.ts";

/** A file as numpy.save writes it: version 1, or 2 whose header's length takes four bytes. */
function npy(fields: string, data: Uint8Array, version = 1): Uint8Array<ArrayBuffer> {
  const lengthBytes = version === 1 ? 2 : 4, start = 8 + lengthBytes;
  const text = fields.padEnd(Math.ceil((start + fields.length + 1) / 64) * 64 - start - 1) + "\n";
  const length = new Uint8Array(lengthBytes);
  length.forEach((_, i) => length[i] = text.length >> (8 * i) & 255);
  const magic = Uint8Array.of(0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59, version, 0);
  return join(magic, length, new TextEncoder().encode(text), data);
}

const bytesOf = (array: ArrayBufferView<ArrayBuffer>) =>
  new Uint8Array(array.buffer, array.byteOffset, array.byteLength);
const fields = (descr: string, shape: string, fortran = "False") =>
  `{'descr': '${descr}', 'fortran_order': ${fortran}, 'shape': ${shape}, }`;

Deno.test("npy: floats and halves, headers of version 1 and 2, rows by their number", async () => {
  await withFolder(async (folder) => {
    const path = `${folder}/a.npy`, values = [0.5, -1, 65504, 2 ** -24, 0, 1 / 3];
    for (const version of [1, 2]) {
      await Deno.writeFile(path, npy(fields("<f4", "(3, 2)"), bytesOf(new Float32Array(values)), version));
      {
        using file = await openNpy(path);
        assertEquals([file.rows, file.width, file.dtype], [3, 2, "f32"]);
        assertEquals(await file.read(0, 3), new Float32Array(values));
        assertEquals(await file.read(1, 2), new Float32Array([65504, 2 ** -24]));
        assertEquals(await file.read(3, 3), new Float32Array());
        await assertRejects(() => file.read(2, 4), RangeError, "has rows 0 to 3, not 2 to 4");
      }
      await Deno.writeFile(path, npy(fields("<f2", "(2, 3)"), bytesOf(new Float16Array(values)), version));
      using file = await openNpy(path);
      assertEquals([file.rows, file.width, file.dtype], [2, 3, "f16"]);
      assertEquals(await file.read(1, 2), new Float32Array([2 ** -24, 0, 0.333251953125]));
    }
  });
});

Deno.test("npy: what is written is read, and its header is NumPy's", async () => {
  await withFolder(async (folder) => {
    for (const dtype of ["f32", "f16"] as const) {
      const path = `${folder}/${dtype}.npy`, rows = new Float32Array([1, 2, 3, 4.5, -5, 6]);
      {
        using file = await Deno.create(path);
        const writer = await npyWriter(file, 3, dtype);
        await writer.add(rows.subarray(0, 3));
        await assertRejects(() => writer.add(rows.subarray(0, 4)), RangeError, "4 numbers are no rows of 3");
        await writer.add(rows.subarray(3));
        await writer.end();
      }
      const bytes = await Deno.readFile(path),
        header = new TextDecoder("latin1").decode(bytes.subarray(10, 128));
      assertEquals(header.trimEnd(), fields(dtype === "f32" ? "<f4" : "<f2", "(2, 3)"));
      assertEquals([bytes[6], bytes[8] + 256 * bytes[9], bytes[127]], [1, 118, 10]);
      using file = await openNpy(path);
      assertEquals(await file.read(0, 2), rows);
    }
  });
});

Deno.test("npy: everything else is refused by name", async () => {
  await withFolder(async (folder) => {
    const path = `${folder}/a.npy`, data = bytesOf(new Float32Array(6));
    const cases: [Uint8Array, string][] = [
      [new TextEncoder().encode("PAR1 and so on"), "is no .npy file"],
      [new Uint8Array(3), "is no .npy file"],
      [npy(fields("<f8", "(3, 2)"), data), "holds <f8; save it as float32"],
      [npy(fields(">f4", "(3, 2)"), data), "holds >f4"],
      [npy(fields("<f4", "(6,)"), data), "has shape (6)"],
      [npy(fields("<f4", "(3, 0)"), data), "has shape (3, 0)"],
      [npy(fields("<f4", "(3, 2)", "True"), data), "is in Fortran order"],
      [npy(fields("<f4", "(3, 2)"), data.subarray(0, 20)), "is cut short: 2 of its 3 rows are there"],
      [npy("[('a', '<f4')]", data), "has no header of one array"],
      [npy(fields("<f4", "(3, 2)"), data).subarray(0, 40), "is cut short within its header"],
      [npy(fields("<f4", "(3, 2)"), data, 9), "of version 9"],
    ];
    for (const [bytes, message] of cases) {
      await Deno.writeFile(path, bytes);
      await assertRejects(() => openNpy(path), SyntaxError, message);
    }
    await assertRejects(() => openNpy(`${folder}/none.npy`), Deno.errors.NotFound);
  });
});
