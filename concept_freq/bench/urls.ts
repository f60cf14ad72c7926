/** URLs for the bench's captions: as long as those of Conceptual Captions (108 bytes, sd 35) and all different. */
import { randomStream } from "../../data_utils/mod.ts";

/** Writes URLs. */
export interface UrlMaker {
  readonly mostBytes: number;
  /** Writes one that holds `draw`, 32 bits, in hexadecimal digits, and returns where it ends. */
  put(bytes: Uint8Array, at: number, draw: number): number;
}

const TEMPLATES = 256, MEAN = 107.7, SD = 35;
const START = "https://i", DIGITS = 8, HEX = new TextEncoder().encode("0123456789abcdef");

/** A maker of URLs over 256 templates that the seed gives. */
export function captionUrls(seed: number): UrlMaker {
  const random = randomStream(seed, 5), letters = "abcdefghijklmnopqrstuvwxyz0123456789-";
  const templates = Array.from({ length: TEMPLATES }, () => {
    const length = Math.round(Math.min(250, Math.max(50, MEAN + SD * random.normal())));
    let url = `${START}${"0".repeat(DIGITS)}.example.org/`;
    while (url.length < length - 4) url += random.int(12) === 0 ? "/" : letters[random.int(letters.length)];
    return new TextEncoder().encode(`${url}.jpg`);
  });
  return {
    mostBytes: Math.max(...templates.map((template) => template.length)),
    put(bytes, at, draw) {
      const template = templates[draw & TEMPLATES - 1];
      bytes.set(template, at);
      for (let digit = 0; digit < DIGITS; digit++) {
        bytes[at + START.length + digit] = HEX[draw >>> 4 * digit & 15];
      }
      return at + template.length;
    },
  };
}
