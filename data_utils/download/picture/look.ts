/** What a file says of itself before anything of it is decoded. */

export interface Look {
  /** In pixels, as the file stores them: not turned by EXIF. */
  readonly width: number;
  readonly height: number;
  /** More than one frame. */
  readonly animated: boolean;
  /** It may be transparent somewhere. */
  readonly alpha: boolean;
  /** Its colours are those of print. */
  readonly cmyk: boolean;
  /** The TIFF structure that holds its EXIF tags. */
  readonly exif: Uint8Array | null;
  /** What is wrong with its structure; null when it goes on to its end. */
  readonly damage: string | null;
}

/** A look at what has no header. */
export const headless = (damage: string): Look => ({
  ...{ width: 0, height: 0, animated: false, alpha: false, cmyk: false, exif: null, damage },
});

const mark = [0x45, 0x78, 0x69, 0x66, 0, 0];

/** Whether a block begins with "Exif" and two zeros, as in JPEG and, against the rules, in some WebP files. */
export const hasExifMark = (block: Uint8Array): boolean => mark.every((byte, i) => block[i] === byte);

/** An EXIF block without that mark. */
export const afterExifMark = (block: Uint8Array): Uint8Array =>
  hasExifMark(block) ? block.subarray(mark.length) : block;
