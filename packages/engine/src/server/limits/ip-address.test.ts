import { describe, expect, it } from "vitest";
import { isWithin, parseIp, parseNetwork, placeOf, printIp } from "./ip-address.ts";

const spelt = (text: string) => {
  const address = parseIp(text);
  return address && printIp(address);
};

describe("an address", () => {
  it.each([
    ["192.0.2.7", "192.0.2.7"],
    ["::ffff:192.0.2.7", "192.0.2.7"],
    ["::FFFF:c000:207", "192.0.2.7"],
    ["2001:DB8::1", "2001:db8:0:0:0:0:0:1"],
    ["::", "0:0:0:0:0:0:0:0"],
    ["fe80::1%eth0", "fe80:0:0:0:0:0:0:1"],
    ["1:2:3:4:5:6:7::", "1:2:3:4:5:6:7:0"],
  ])("%s is %s", (text, expected) => {
    expect(spelt(text)).toBe(expected);
  });

  it.each([
    "",
    "1.2.3",
    "1.2.3.4.5",
    "01.2.3.4",
    "256.1.1.1",
    "1.2.3.4:80",
    "[::1]",
    "::1::",
    "1:2:3:4:5:6:7:8:9",
    ":1",
    "g::",
    "1:2:3:4:5:6:7:8::",
    "12345::",
    "::1.2.3",
    "1.2.3.4::",
    "localhost",
    " 1.2.3.4",
  ])("%j is none", (text) => {
    expect(spelt(text)).toBeUndefined();
  });
});

describe("whose address it is", () => {
  it("is told by it, and of version 6 by its network", () => {
    expect(placeOf("::ffff:192.0.2.7")).toBe(placeOf("192.0.2.7"));
    expect(placeOf("192.0.2.7")).not.toBe(placeOf("192.0.2.8"));
    expect(placeOf("2001:db8:1:2::1")).toBe(placeOf("2001:db8:1:2:ffff:ffff:ffff:ffff"));
    expect(placeOf("2001:db8:1:2::1")).not.toBe(placeOf("2001:db8:1:3::1"));
    expect(placeOf("/run/a.sock")).toBe("/run/a.sock");
  });
});

describe("a network", () => {
  const isIn = (ip: string, network: string) => {
    const [address, within] = [parseIp(ip), parseNetwork(network)];
    return address !== undefined && within !== undefined && isWithin(address, within);
  };

  it.each([
    ["10.1.2.3", "10.0.0.0/8", true],
    ["11.1.2.3", "10.0.0.0/8", false],
    ["::ffff:10.1.2.3", "10.0.0.0/8", true],
    ["172.31.0.1", "172.16.0.0/12", true],
    ["172.32.0.1", "172.16.0.0/12", false],
    ["127.0.0.1", "127.0.0.1", true],
    ["127.0.0.2", "127.0.0.1", false],
    ["8.8.8.8", "0.0.0.0/0", true],
    ["::1", "0.0.0.0/0", false],
    ["fd00:1::2", "fc00::/7", true],
    ["::1", "::1", true],
  ])("%s in %s: %s", (ip, network, expected) => {
    expect(isIn(ip, network)).toBe(expected);
  });

  it.each(["10.0.0.0/33", "::/129", "10.0.0.0/", "10.0.0.0/8/8", "loopback", "/8"])("%s is none", (text) => {
    expect(parseNetwork(text)).toBeUndefined();
  });
});
