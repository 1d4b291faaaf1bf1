import { describe, expect, it } from "vitest";
import { Proxies } from "./proxies.ts";

/** Address, host and scheme as a server behind trusted proxies sees them. */
function seen(trustProxy: unknown, headers: Record<string, string>, remoteAddress = "10.0.0.1") {
  const request = { url: new URL("http://h/chsk"), headers: new Headers(headers), remoteAddress, raw: undefined };
  const { remoteAddress: address, host, isSecure } = new Proxies(trustProxy).resolve(request);
  return { address, host, isSecure };
}
const address = (trustProxy: unknown, forwardedFor: string, remoteAddress?: string) =>
  seen(trustProxy, { "x-forwarded-for": forwardedFor }, remoteAddress).address;

describe("what trusted proxies say of a request", () => {
  it("is read from the end, as far as it is trusted", () => {
    expect(address(1, "203.0.113.9")).toBe("203.0.113.9");
    expect(address(1, "192.0.2.66, 203.0.113.9")).toBe("203.0.113.9");
    expect(address(2, "192.0.2.66, 203.0.113.9, 10.0.0.2")).toBe("203.0.113.9");
    expect(address(["10.0.0.0/8"], "192.0.2.66, 203.0.113.9, 10.0.0.2")).toBe("203.0.113.9");
    expect(address(["10.0.0.1"], "203.0.113.9, 10.0.0.2")).toBe("10.0.0.2");
    expect(address(5, "203.0.113.9")).toBe("203.0.113.9");
  });

  it("counts for nothing where who connects is no proxy", () => {
    expect(address(["10.0.0.0/8"], "203.0.113.9", "192.0.2.1")).toBe("192.0.2.1");
    const headers = { "x-forwarded-host": "app.example", "x-forwarded-proto": "https", forwarded: "for=203.0.113.9" };
    expect(seen(["10.0.0.0/8"], headers, "192.0.2.1")).toEqual({
      address: "192.0.2.1",
      host: undefined,
      isSecure: undefined,
    });
  });

  it.each([
    ["203.0.113.9:4711", "203.0.113.9"],
    ["[2001:db8::1]:4711", "2001:db8:0:0:0:0:0:1"],
    ["2001:db8::1", "2001:db8:0:0:0:0:0:1"],
    ["::ffff:203.0.113.9", "203.0.113.9"],
  ])("has addresses with and without a port: %s", (node, expected) => {
    expect(address(1, node)).toBe(expected);
    expect(seen(1, { forwarded: `for="${node}"` }).address).toBe(expected);
  });

  it.each(["unknown", "_hidden", "evil", "203.0.113.999", "[::1", "1.2.3.4:99999999", '"'])(
    "that is malformed ends there: the last that is known is the client (%s)",
    (node) => {
      expect(address(2, `192.0.2.66, ${node}, 10.0.0.2`)).toBe("10.0.0.2");
      expect(address(1, node)).toBe("10.0.0.1");
      expect(seen(1, { forwarded: `for=${node}` }).address).toBe("10.0.0.1");
    },
  );

  it("is that of RFC 7239, with quotes, in any case and order", () => {
    const forwarded =
      'for=192.0.2.66;host=evil.example, Proto=https;FOR="[2001:db8::1]:9";by=_x;host="app.example:8443"';
    expect(seen(1, { forwarded })).toEqual({
      address: "2001:db8:0:0:0:0:0:1",
      host: "app.example:8443",
      isSecure: true,
    });
    expect(seen(1, { forwarded: 'for="a,b;for=1.2.3.4"' }).address).toBe("10.0.0.1");
    expect(seen(1, { forwarded: 'for="203.0.113\\.9";proto=http' })).toMatchObject({
      address: "203.0.113.9",
      isSecure: false,
    });
  });

  it("is read from the end also where a client left a quote open", () => {
    expect(seen(1, { forwarded: 'for=", for=203.0.113.9' }).address).toBe("203.0.113.9");
    expect(seen(1, { forwarded: 'for="\\, for="[2001:db8::1]:80"' }).address).toBe("2001:db8:0:0:0:0:0:1");
    expect(address(1, '", 203.0.113.9')).toBe("203.0.113.9");
  });

  it("has host and scheme from the trusted proxy that is farthest away, never from the client", () => {
    const headers = (host: string, proto: string) => ({
      "x-forwarded-for": "192.0.2.66, 203.0.113.9",
      "x-forwarded-host": host,
      "x-forwarded-proto": proto,
    });
    expect(seen(1, headers("evil.example, app.example", "http, https"))).toMatchObject({
      host: "app.example",
      isSecure: true,
    });
    expect(seen(2, headers("app.example", "https"))).toMatchObject({ host: "app.example", isSecure: true });
    expect(seen(1, headers("app.example", "gopher"))).toMatchObject({ isSecure: undefined });
  });

  it("counts for nothing where the two ways to say it contradict each other", () => {
    const both = (forwarded: string) =>
      seen(1, { forwarded, "x-forwarded-for": "203.0.113.9", "x-forwarded-host": "h" });
    expect(both("for=203.0.113.9;proto=https")).toMatchObject({ address: "203.0.113.9", isSecure: true });
    expect(both("for=192.0.2.66;proto=https")).toEqual({ address: "10.0.0.1", host: undefined, isSecure: undefined });
  });

  it.each([0, -1, 1.5, "10.0.0.1", true, ["loopback"], ["10.0.0.0/33"], [7], null])(
    "is asked of proxies that can be: %j",
    (given) => {
      expect(() => new Proxies(given)).toThrow(expect.objectContaining({ code: "bad-option" }));
    },
  );
});
