import { describe, expect, it } from "vitest";
import { addressOf, mountPath, pathOf } from "./address.ts";
import { upgradeFault } from "./answer.ts";

const asked = (url: string, host?: string) =>
  addressOf({ url, headers: new Headers(host === undefined ? {} : { host }) });

describe("the address of a request", () => {
  it("is made of its target and its Host, and HTTP/1.0 needs no Host", () => {
    expect(asked("/chsk?x=%ff", "example.org:8080")?.href).toBe("http://example.org:8080/chsk?x=%ff");
    expect(asked("/chsk")?.href).toBe("http://localhost/chsk");
    expect(asked("https://EXAMPLE.org/chsk", "example.org:443")?.host).toBe("example.org");
    expect(asked("//other/chsk", "x")?.pathname).toBe("//other/chsk");
    expect(addressOf({ url: "http://x/chsk" })?.pathname).toBe("/chsk");
  });

  it.each([
    ["/chsk", "a b"],
    ["/chsk", "x:99999"],
    ["/chsk", "[::1"],
    ["/chsk", "x/chsk?y="],
    ["/chsk", "user@x"],
    ["http://a b/chsk", undefined],
    ["http://elsewhere/chsk", "x"],
    ["*", "x"],
  ])("does not exist for the target %s and the Host %s", (url, host) => {
    expect(asked(url, host)).toBeUndefined();
  });
});

describe("the path of a channel socket", () => {
  it.each([
    ["/chsk", "/chsk"],
    ["/chsk/", "/chsk"],
    ["/", "/"],
    ["/a/../chsk", "/chsk"],
    ["/%63hsk", "/chsk"],
    ["/caf\u00e9", "/caf%c3%a9"],
    ["/a%2Fb", "/a%2Fb"],
    ["/%zz", "/%zz"],
  ])("%s serves requests to %s", (path, requested) => {
    expect(mountPath(path).path).toBe(pathOf(new URL(`http://x${requested}`)));
  });

  it("differs where an escape has a meaning", () => {
    expect(mountPath("/a/b").path).not.toBe(pathOf(new URL("http://x/a%2Fb")));
  });

  it("stands in an address as that has it", () => {
    expect(mountPath("/caf\u00e9").inUrl).toBe("/caf%C3%A9");
  });

  it.each(["", "chsk", "/chsk?x=1", "/chsk#x", "//chsk", "\\chsk", "/ch sk", "http://x/chsk", 5, null])(
    "is not %s",
    (path) => {
      expect(() => mountPath(path)).toThrow(expect.objectContaining({ name: "UsageError", code: "bad-path" }));
    },
  );
});

describe("a request for a WebSocket", () => {
  const good = {
    connection: "keep-alive, Upgrade",
    upgrade: "WebSocket",
    "sec-websocket-key": "dGhlIHNhbXBsZSBub25jZQ==",
    "sec-websocket-version": "13",
  };
  const statusOf = (method: string, headers: Record<string, string>) =>
    upgradeFault(method, new Headers(headers))?.status;

  it("is as RFC 6455 section 4.2.1 has it", () => {
    expect(statusOf("GET", good)).toBeUndefined();
    expect(statusOf("GET", { ...good, upgrade: "h2c, websocket" })).toBeUndefined();
  });

  it.each([
    [405, "POST", {}],
    [426, "GET", { upgrade: "h2c" }],
    [426, "GET", { "sec-websocket-version": "8" }],
    [426, "GET", { "sec-websocket-version": "" }],
    [400, "GET", { "sec-websocket-key": "abc" }],
    [400, "GET", { "sec-websocket-key": "" }],
    [400, "GET", { connection: "keep-alive" }],
  ])("is answered %s for %s with %o", (status, method, headers) => {
    expect(statusOf(method, { ...good, ...headers })).toBe(status);
  });
});
