import { describe, expect } from "vitest";
import { fresh, greetPeer, type ServerSection, serverFor } from "./section.ts";

export function interceptorTests(section: ServerSection): void {
  const { test } = section;

  describe("interceptors", () => {
    const server = serverFor(section, { codec: "edn", options: { intercepts: true } });

    test("are around a handler: its reply goes through them", async () => {
      const peer = await greetPeer(server(), `client-id=${fresh("i")}`);
      expect(await peer.ask('[[:test/echo {:a 1}] "e1"]')).toBe('[{:reply {:a 1}} "e1"]');
    });

    test("refuse an event in place of its handler", async () => {
      const peer = await greetPeer(server(), `client-id=${fresh("i")}&sente-lite=1&features=error-details`);
      expect(await peer.ask('[[:test/refuse 7] "r1"]')).toMatch(
        /^\[\[:chsk\/error \{:code "intercepted",.*:data 7\}\]/,
      );
    });

    test("are told of a request that nobody handles", async () => {
      const peer = await greetPeer(server(), `client-id=${fresh("i")}`);
      expect(await peer.ask('[[:test/nobody-handles] "n1"]')).toBe('[{:reply "unhandled"} "n1"]');
    });

    test("let an event that wants no reply pass", async () => {
      const peer = await greetPeer(server(), `client-id=${fresh("i")}`);
      peer.send("[[:test/echo 1] nil]");
      expect(await peer.textWhere((text) => text.includes("test/echoed"))).toBe("[[[:test/echoed 1]] nil]");
    });
  });
}
