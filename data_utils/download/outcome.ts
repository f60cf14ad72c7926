/**
 * What can become of an input row: every row ends with exactly one status and one reason, under these names for ever,
 * so that runs can be compared and failures asked for again by reason.
 */

/** As img2dataset calls them, and `skipped` for a row that was never asked for. */
export type Status = "success" | "failed_to_download" | "failed_to_resize" | "skipped";

/** When a failure is worth another try: within the run, in a later run (`--retry-failed`), or only when named there. */
export type Retry = "now" | "later" | "never";

interface ReasonNote {
  readonly status: Exclude<Status, "success">;
  readonly retry: Retry;
  /** What it means, for tables and help. */
  readonly says: string;
}

const note = (status: ReasonNote["status"], retry: Retry, says: string): ReasonNote => ({
  status,
  retry,
  says,
});

/** Every reason but those of the HTTP status, which are `http_404` and the like. */
export const reasonNotes = {
  malformed_row: note("skipped", "never", "the row is no row of its table"),
  no_url: note("skipped", "never", "the row has no URL"),
  bad_url: note("skipped", "never", "the URL is none of http or https, or is marked as bad"),
  video: note("skipped", "never", "the row is a video"),
  no_caption: note("skipped", "never", "the row has no caption"),
  language: note("skipped", "never", "the caption is in another language"),
  nsfw: note("skipped", "never", "marked as not safe for work, or not as safe"),
  duplicate_url: note("skipped", "never", "an earlier row has the same URL"),
  duplicate_content: note("skipped", "never", "an earlier row has the same bytes"),

  private_address: note("failed_to_download", "never", "the address is private, loopback or reserved"),
  dns: note("failed_to_download", "later", "the host's name does not exist"),
  dns_failed: note("failed_to_download", "now", "the host's name could not be looked up"),
  refused: note("failed_to_download", "later", "the connection was refused"),
  unreachable: note("failed_to_download", "later", "there is no way to the host"),
  connect_timeout: note("failed_to_download", "now", "no connection in time"),
  first_byte_timeout: note("failed_to_download", "now", "connected, but no answer in time"),
  timeout: note("failed_to_download", "now", "the answer was not whole in time, or stalled"),
  reset: note("failed_to_download", "now", "the connection broke off before the answer was whole"),
  truncated: note("failed_to_download", "now", "fewer bytes than announced"),
  tls: note("failed_to_download", "later", "no trustworthy TLS connection"),
  protocol: note("failed_to_download", "later", "the answer is no HTTP"),
  too_many_redirects: note("failed_to_download", "later", "redirected too often, or in a circle"),
  bad_redirect: note("failed_to_download", "later", "redirected to what is no http or https address"),
  opt_out: note("failed_to_download", "never", "the publisher opts out by X-Robots-Tag"),
  too_large: note("failed_to_download", "never", "more bytes than allowed, as sent or unpacked"),
  bad_encoding: note("failed_to_download", "later", "its compression is damaged or unknown"),
  host_down: note("failed_to_download", "later", "not asked for: the host failed too often just before"),
  removed_image: note("failed_to_download", "never", "the host shows a notice that the image was removed"),
  hash_mismatch: note("failed_to_download", "later", "not the bytes that the input's hash names"),

  empty: note("failed_to_resize", "later", "no byte"),
  not_an_image: note("failed_to_resize", "later", "no image, such as a web page"),
  unsupported_format: note("failed_to_resize", "never", "an image of a kind that is not read, such as SVG"),
  too_many_pixels: note("failed_to_resize", "never", "a decompression bomb: more pixels than allowed"),
  damaged_image: note("failed_to_resize", "later", "an image that cannot be decoded to its end"),
  too_small: note("failed_to_resize", "never", "its shorter side is below the limit"),
  too_big: note("failed_to_resize", "never", "its area is above the limit"),
  bad_aspect: note("failed_to_resize", "never", "too long for its width"),
} as const satisfies Record<string, ReasonNote>;

/** Why a row did not become an image; `http_404` for an answer with that status. */
export type Reason = keyof typeof reasonNotes | `http_${number}`;

/** Statuses of HTTP that a server gives when it may do better soon. */
const passing = new Set([408, 425, 429, 500, 502, 503, 504]);

/** What a reason means. Throws RangeError, listing those that are, for one that is not. */
export function noteOf(reason: string): ReasonNote {
  const http = /^http_([1-5]\d\d)$/.exec(reason);
  if (http) {
    const retry = passing.has(Number(http[1])) ? "now" : "later";
    return note("failed_to_download", retry, `the server answered ${http[1]}`);
  }
  if (!Object.hasOwn(reasonNotes, reason)) {
    throw new RangeError(
      `${reason} is no reason; there are http_STATUS, ${Object.keys(reasonNotes).join(", ")}`,
    );
  }
  return reasonNotes[reason as keyof typeof reasonNotes];
}

/** Why something did not work out. */
export interface Fault {
  readonly reason: Reason;
  /** More of it in one line, for error_message; never needed to tell faults apart. */
  readonly detail: string;
}
