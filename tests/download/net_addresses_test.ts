// Which addresses are public, against the registries of IANA and the ways in which an address can be disguised.
import { assertEquals } from "@std/assert";
import { addressBytes, isPublicAddress, literalAddress } from "../../data_utils/download/net/addresses.ts";
import { webAddress } from "../../data_utils/download/net/web_address.ts";

Deno.test("addresses: what the registries reserve is not public", () => {
  const reserved = [
    ...[
      "0.0.0.0",
      "0.1.2.3",
      "10.0.0.1",
      "10.255.255.255",
      "100.64.0.1",
      "100.127.255.255",
      "100.100.100.200",
    ],
    ...["127.0.0.1", "127.255.255.255", "169.254.169.254", "172.16.0.1", "172.31.255.255", "192.0.0.192"],
    ...["192.0.2.1", "192.88.99.1", "192.168.1.1", "198.18.0.1", "198.19.255.255", "198.51.100.7"],
    ...["203.0.113.9", "224.0.0.1", "239.255.255.255", "240.0.0.1", "255.255.255.255", "168.63.129.16"],
    ...["::", "::1", "::7f00:1", "::127.0.0.1", "100::1", "fc00::1", "fd00:ec2::254", "fe80::1", "febf::1"],
    ...["fec0::1", "ff02::1", "2001:db8::1", "2001:db8:ffff::1", "3fff::1", "5f00::1", "2001:10::1"],
    // Teredo, then addresses that lead to an IPv4 address which is not public
    ...["2001::1", "2001:0:102:304::1", "::ffff:127.0.0.1", "::ffff:7f00:1", "::ffff:10.0.0.1"],
    ...["64:ff9b::7f00:1", "64:ff9b::192.168.0.1", "64:ff9b:1::808:808", "2002:7f00:1::1", "2002:a00:1::"],
  ];
  for (const address of reserved) assertEquals([address, isPublicAddress(address)], [address, false]);
});

Deno.test("addresses: neighbours of reserved ranges are public", () => {
  const open = [
    ...[
      "1.1.1.1",
      "8.8.8.8",
      "9.255.255.255",
      "11.0.0.0",
      "100.63.255.255",
      "100.128.0.0",
      "126.255.255.255",
    ],
    ...["128.0.0.0", "169.253.255.255", "169.255.0.0", "172.15.255.255", "172.32.0.0", "192.0.1.0"],
    ...["192.0.3.0", "192.167.255.255", "192.169.0.0", "198.17.255.255", "198.20.0.0", "198.51.99.255"],
    ...["203.0.112.255", "203.0.114.0", "223.255.255.255", "168.63.129.15", "168.63.129.17"],
    ...["2000::1", "2001:200::1", "2001:4860:4860::8888", "2606:4700::1111", "2a00:1450:4001:82a::200e"],
    ...["2001:db7:ffff::1", "2001:db9::1", "3ffe::1", "3fff:1000::1"],
    ...["::ffff:8.8.8.8", "64:ff9b::808:808", "2002:808:808::1"],
  ];
  for (const address of open) assertEquals([address, isPublicAddress(address)], [address, true]);
});

Deno.test("addresses: what is no address is not public", () => {
  for (
    const text of ["", "localhost", "1.2.3", "1.2.3.4.5", "256.1.1.1", "0x7f.1", "2130706433", "fe80::1%eth0"]
  ) {
    assertEquals([text, isPublicAddress(text), addressBytes(text)], [text, false, null]);
  }
});

Deno.test("addresses: bytes of the ways to write an address", () => {
  const bytes = [0x20, 1, 0xd, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 1, 2, 3, 4];
  for (
    const text of [
      "2001:db8::102:304",
      "2001:db8::1.2.3.4",
      "2001:0DB8:0:0:0:0:0102:0304",
      "2001:db8:0::102:304",
    ]
  ) {
    assertEquals(addressBytes(text), bytes);
  }
  assertEquals(addressBytes("::"), Array(16).fill(0));
  assertEquals(addressBytes("1::"), [0, 1, ...Array(14).fill(0)]);
});

Deno.test("addresses: hosts of URLs that are loopback in disguise are seen through", () => {
  const disguised = [
    ...["http://0x7f.1/", "http://2130706433/", "http://127.1/", "http://0177.0.0.1/", "http://127.0.0.1./"],
    ...[
      "http://１２７.0.0.1/",
      "http://0/",
      "http://[::1]/",
      "http://[::ffff:127.0.0.1]/",
      "http://%31%32%37.0.0.1/",
    ],
    ...["http://user:pass@127.0.0.1:80/", "http:/\\127.0.0.1/", "http://[0:0:0:0:0:ffff:7f00:1]/"],
  ];
  for (const text of disguised) {
    const literal = literalAddress(webAddress(text)!.hostname);
    assertEquals([text, literal === null, literal && isPublicAddress(literal)], [text, false, false]);
  }
  assertEquals(literalAddress("127.0.0.1.example.org"), null);
});
