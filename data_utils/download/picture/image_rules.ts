/** What is done to a fetched image before it is stored; and what comes of it. */
import type { Fault } from "../outcome.ts";

/** img2dataset's names: https://github.com/rom1504/img2dataset, README, "resize_mode". */
export type ResizeMode = "no" | "border" | "keep_ratio" | "keep_ratio_largest" | "center_crop";

/**
 * What becomes of transparency when an image is encoded anew: put onto `white`, as img2dataset does, or `drop`ped, as
 * Pillow's convert("RGB") does, which shows the colours that lay hidden behind it.
 */
export type Alpha = "white" | "drop";

/** Endings of images in shards. */
export type Ending = "jpg" | "png" | "webp";

/** Written into the run's configuration as it is. */
export interface ImageRules {
  readonly resizeMode: ResizeMode;
  /** Pixels of the side that the mode speaks of. */
  readonly imageSize: number;
  readonly onlyIfBigger: boolean;
  /** `needed`: bytes of a JPEG, PNG or WebP that is not resized are kept. */
  readonly reencode: "always" | "needed";
  readonly encodeFormat: Ending;
  /** 1 to 100; of PNG the compression, 0 to 9. */
  readonly encodeQuality: number;
  /** `pillow`: the pixels that Pillow gives; `fast`: those of libvips, which shrinks JPEGs while it decodes them. */
  readonly resampler: "pillow" | "fast";
  readonly alpha: Alpha;
  /** Shorter side at least, in pixels; 0 for no limit. */
  readonly minImageSize: number;
  /** Width times height at most; Infinity (null in JSON) for no limit. */
  readonly maxImageArea: number;
  /** Longer side over shorter side at most. */
  readonly maxAspectRatio: number;
  /** A header that names more pixels is a decompression bomb. */
  readonly maxPixels: number;
  /** Whether images whose bytes are kept are decoded whole, to find damage that their ends do not show. */
  readonly decode: boolean;
  readonly exif: boolean;
  /** Whether pixels are turned as EXIF says before they are encoded anew; img2dataset and Pillow leave them. */
  readonly autoOrient: boolean;
}

/** What the program does unless told otherwise: nothing to the bytes. */
export const defaultImageRules: ImageRules = {
  resizeMode: "no",
  imageSize: 256,
  onlyIfBigger: false,
  reencode: "needed",
  encodeFormat: "jpg",
  encodeQuality: 95,
  resampler: "pillow",
  alpha: "white",
  minImageSize: 0,
  maxImageArea: Infinity,
  maxAspectRatio: Infinity,
  maxPixels: 178_956_970,
  decode: false,
  exif: false,
  autoOrient: false,
};

/** An image ready to be stored. */
export interface Prepared {
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly ending: Ending;
  readonly width: number;
  readonly height: number;
  readonly originalWidth: number;
  readonly originalHeight: number;
  /** SHA-256 in hex of the bytes as fetched, and as stored. */
  readonly sha256: string;
  readonly storedSha256: string;
  /** EXIF as a JSON object in text, when asked for ("{}" where there is none). */
  readonly exif: string | null;
}

export type PreparedAnswer = { readonly image: Prepared } | { readonly fault: Fault };

/** Prepares images, on threads of its own where there is more to do than to look at headers. */
export interface Preparer extends AsyncDisposable {
  /** Takes the bytes over. Never rejects but when a thread dies. */
  prepare(bytes: Uint8Array<ArrayBuffer>): Promise<PreparedAnswer>;
}
