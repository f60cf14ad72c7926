// Certificates for TLS on loopback, made when a test needs them, so that no private key lies in the repository: an authority
// of its own and, signed by it or by nobody, a server's. Just enough of X.509 (RFC 5280) in DER.
import { createSign, generateKeyPairSync, type KeyObject } from "node:crypto";
import { bytesOf, join } from "../data_utils/made_files.ts";

function der(tag: number, ...parts: Uint8Array[]): Uint8Array {
  const content = join(...parts), n = content.length;
  const length = n < 128 ? [n] : n < 256 ? [0x81, n] : [0x82, n >> 8, n & 255];
  return join(Uint8Array.of(tag, ...length), content);
}

const sequence = (...parts: Uint8Array[]) => der(0x30, ...parts);
const oid = (...bytes: number[]) => der(0x06, Uint8Array.from(bytes));
const bits = (bytes: Uint8Array) => der(0x03, Uint8Array.of(0), bytes);

const ecdsaWithSha256 = sequence(oid(0x2a, 0x86, 0x48, 0xce, 0x3d, 4, 3, 2));

const named = (name: string) => sequence(der(0x31, sequence(oid(0x55, 4, 3), der(0x0c, bytesOf(name)))));

const time = (year: number) => der(0x18, bytesOf(`${year}0101000000Z`));

/** An extension of the family 2.5.29. */
const extension = (number: number, critical: boolean, value: Uint8Array) =>
  sequence(oid(0x55, 0x1d, number), ...(critical ? [der(0x01, Uint8Array.of(255))] : []), der(0x04, value));

export interface Certificate {
  readonly name: string;
  /** In PEM. */
  readonly cert: string;
  readonly key: string;
  readonly privateKey: KeyObject;
}

interface Wish {
  readonly name: string;
  /** IPv4 addresses it speaks for; without any it is an authority. */
  readonly addresses?: readonly string[];
  /** Signs it; without one it signs itself. */
  readonly issuer?: Certificate;
  /** First and last year. */
  readonly years?: readonly [number, number];
}

let serial = 0;

/** Makes a key and a certificate for it. */
export function makeCertificate({ name, addresses, issuer, years = [2020, 2099] }: Wish): Certificate {
  const { publicKey, privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const isAuthority = addresses === undefined;
  const extensions = [
    extension(19, true, sequence(...(isAuthority ? [der(0x01, Uint8Array.of(255))] : []))),
    extension(15, true, der(0x03, isAuthority ? Uint8Array.of(1, 0x06) : Uint8Array.of(7, 0x80))),
    ...(addresses ?? []).slice(0, 1).map(() => extension(17, false, sequence(...addresses!.map(ipName)))),
  ];
  const body = sequence(
    der(0xa0, der(0x02, Uint8Array.of(2))),
    der(0x02, Uint8Array.of(++serial)),
    ecdsaWithSha256,
    named(issuer?.name ?? name),
    sequence(time(years[0]), time(years[1])),
    named(name),
    publicKey.export({ type: "spki", format: "der" }),
    der(0xa3, sequence(...extensions)),
  );
  const signer = issuer?.privateKey ?? privateKey;
  const signature = new Uint8Array(createSign("sha256").update(body).sign(signer));
  const key = privateKey.export({ type: "pkcs8", format: "pem" }).toString();
  return { name, cert: pem(sequence(body, ecdsaWithSha256, bits(signature))), key, privateKey };
}

const ipName = (address: string) => der(0x87, Uint8Array.from(address.split("."), Number));

function pem(bytes: Uint8Array): string {
  const lines = btoa(String.fromCharCode(...bytes)).match(/.{1,64}/g)!;
  return `-----BEGIN CERTIFICATE-----\n${lines.join("\n")}\n-----END CERTIFICATE-----\n`;
}
