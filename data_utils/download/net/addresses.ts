/**
 * Which addresses belong to the public internet. A list of images may name, or redirect to, any host; without this a
 * downloader on a company's or a cloud's network would fetch what only that network should see.
 *
 * Source: the registries of special-purpose addresses of IANA for IPv4 and IPv6. Ranges that are reserved for some
 * protocol count as not public even where a few of their addresses can be reached: no image is served from there.
 */
import { isIPv4, isIPv6 } from "node:net";

/** An address as its bytes, 4 or 16 of them; null where `text` is none, or names a zone ("fe80::1%eth0"). */
export function addressBytes(text: string): number[] | null {
  if (isIPv4(text)) return text.split(".").map(Number);
  if (!isIPv6(text) || text.includes("%")) return null;
  const dotted = /^(.*:)(\d+)\.(\d+)\.(\d+)\.(\d+)$/.exec(text);
  const pair = (high: string, low: string) => (Number(high) << 8 | Number(low)).toString(16);
  const hex = dotted ? `${dotted[1]}${pair(dotted[2], dotted[3])}:${pair(dotted[4], dotted[5])}` : text;
  const [before, after] = hex.split("::").map((part) => part === "" ? [] : part.split(":"));
  const groups = after === undefined
    ? before
    : [...before, ...Array(8 - before.length - after.length).fill("0"), ...after];
  return groups.flatMap((group) => [parseInt(group, 16) >> 8, parseInt(group, 16) & 255]);
}

interface Range {
  readonly first: readonly number[];
  readonly bits: number;
}

function range(text: string): Range {
  const [address, bits] = text.split("/");
  return { first: addressBytes(address)!, bits: Number(bits) };
}

function within(bytes: readonly number[], { first, bits }: Range): boolean {
  for (let at = 0, left = bits; left > 0; at++, left -= 8) {
    const mask = left >= 8 ? 255 : 255 << (8 - left) & 255;
    if ((bytes[at] & mask) !== (first[at] & mask)) return false;
  }
  return true;
}

/** Of IPv4, what is not public. */
const reserved4 = [
  "0.0.0.0/8", // this network
  "10.0.0.0/8", // private
  "100.64.0.0/10", // behind a provider's translation of addresses
  "127.0.0.0/8", // loopback
  "169.254.0.0/16", // link-local, with the metadata services of the clouds
  "172.16.0.0/12", // private
  "192.0.0.0/24", // protocols
  "192.0.2.0/24", // documentation
  "192.88.99.0/24", // relays of 6to4, given up
  "192.168.0.0/16", // private
  "198.18.0.0/15", // benchmarks
  "198.51.100.0/24", // documentation
  "203.0.113.0/24", // documentation
  "224.0.0.0/4", // multicast
  "240.0.0.0/4", // reserved, and broadcast
  "168.63.129.16/32", // public by its number, but the platform of Azure to its machines
].map(range);

/** Of IPv6 only this is given out as public ... */
const unicast6 = range("2000::/3");

/** ... save for these. */
const reserved6 = [
  "2001::/23", // protocols, with Teredo, whose IPv4 address is hidden
  "2001:db8::/32", // documentation
  "3fff::/20", // documentation
].map(range);

/** IPv6 addresses that lead to an IPv4 address, and the byte where that begins. */
const embedding: readonly (readonly [Range, number])[] = [
  [range("::ffff:0:0/96"), 12], // mapped
  [range("64:ff9b::/96"), 12], // translated: all there is on a network without IPv4
  [range("2002::/16"), 2], // 6to4
];

function isPublic4(bytes: readonly number[]): boolean {
  return !reserved4.some((range) => within(bytes, range));
}

/** Whether `text` is an IPv4 or IPv6 address of the public internet; what is no address at all is not. */
export function isPublicAddress(text: string): boolean {
  const bytes = addressBytes(text);
  if (bytes === null) return false;
  if (bytes.length === 4) return isPublic4(bytes);
  const embedded = embedding.find(([range]) => within(bytes, range));
  if (embedded) return isPublic4(bytes.slice(embedded[1], embedded[1] + 4));
  return within(bytes, unicast6) && !reserved6.some((range) => within(bytes, range));
}

/** The address that the host of a URL is, if it is one: without brackets, or null for a name. */
export function literalAddress(host: string): string | null {
  const bare = host.startsWith("[") ? host.slice(1, -1) : host;
  return isIPv4(bare) || isIPv6(bare) ? bare : null;
}
