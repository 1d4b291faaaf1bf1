import { describe, expect } from "vitest";
import { RawSocket, upgradeRequest } from "../../raw/raw-socket.ts";
import { everyCodec, expectAlive, fresh, greetPeer, type ServerSection, serverFor } from "./section.ts";

/** An answer with its body: a line, and what the runtime puts before it. */
const MAX_ANSWER = 400;

export function requestTests(section: ServerSection): void {
  const { test } = section;

  describe("§1 connection: HTTP requests as no browser sends them", () => {
    const server = serverFor(section, everyCodec);

    /** The answer to one request on a connection of its own, which is told to end after it. */
    const answerTo = async (text: string) => {
      const socket = await RawSocket.open(server().port);
      socket.write(text);
      const answer = await socket.until((seen) => seen.includes("\r\n\r\n"));
      socket.destroy();
      return answer;
    };
    const upgrade = (...changes: readonly (readonly [RegExp, string])[]) => {
      const request = upgradeRequest(server().port, `/chsk?client-id=${fresh("asked")}`);
      return changes.reduce((text, [what, by]) => text.replace(what, by), request);
    };

    for (const host of ["a b", "x:99999", "[::1", "x/chsk?y="]) {
      test(`a Host that is none is answered 400, in a line: ${host}`, async () => {
        const errors = () =>
          server()
            .events()
            .filter(({ error }) => error !== undefined);
        const before = errors().length;
        for (const request of [
          upgrade([/Host: .*\r/, `Host: ${host}\r`]),
          `GET / HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`,
        ]) {
          const answer = await answerTo(request);
          expect(answer).toMatch(/^HTTP\/1\.1 400 /);
          expect(answer.length).toBeLessThan(MAX_ANSWER);
        }
        expect(errors()).toHaveLength(before);
        await expectAlive(server());
      });
    }

    for (const [what, change, status] of [
      ["another method", [/^GET/, "POST"], 405],
      ["version 8", [/Version: 13/, "Version: 8"], 426],
      ["no version", [/Sec-WebSocket-Version: 13\r\n/, ""], 426],
      ["a key of another length", [/Key: .*\r/, "Key: abc\r"], 400],
      ["no key", [/Sec-WebSocket-Key: .*\r\n/, ""], 400],
    ] as const) {
      test(`${what} is no request for a WebSocket (RFC 6455 section 4.2.1): ${status}`, async () => {
        expect(await answerTo(upgrade(change))).toMatch(new RegExp(`^HTTP/1\\.1 ${status} `));
      });
    }

    test("an Upgrade that the Connection header does not name is none", async () => {
      expect(await answerTo(upgrade([/Connection: Upgrade/, "Connection: close"]))).toMatch(/^HTTP\/1\.1 4\d\d /);
    });

    for (const other of ["h2c", "TLS/1.2", "foo/2"]) {
      test(`an upgrade to ${other} is answered as if none was asked for`, async () => {
        const askPath = (path: string) =>
          answerTo(`GET ${path} HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: ${other}\r\n\r\n`);
        expect(await askPath("/ready")).toMatch(/^HTTP\/1\.1 200 /);
        expect(await askPath("/chsk?client-id=c")).toMatch(/^HTTP\/1\.1 426 /);
      });
    }

    test("a last slash and escapes that mean nothing make no other path", async () => {
      for (const path of ["/chsk/", "/%63hsk", "/x/../chsk"]) {
        const socket = await RawSocket.upgrade(server().port, `${path}?client-id=${fresh("path")}`);
        await socket.until((text) => text.includes(":chsk/handshake"));
        socket.destroy();
      }
      const { port } = server();
      expect(await answerTo(upgradeRequest(port, "/chsk%2F?client-id=c"))).toMatch(/^HTTP\/1\.1 404 /);
    });

    test("handlers are given the request as it came, for as long as the connection lives", async () => {
      const peer = await greetPeer(server(), `client-id=${fresh("request")}&codec=edn&x=1`, {
        headers: { "x-own": "yes" },
      });
      for (let i = 0; i < 2; i++) {
        expect(await peer.ask(`[[:test/request] "r${i}"]`)).toBe(
          `[{:path "/chsk", :x "1", :own "yes", :address "127.0.0.1"} "r${i}"]`,
        );
      }
      // The web's own classes, whole.
      expect(await peer.ask('[[:test/web-request] "w"]')).toBe('[true "w"]');
    });
  });
}
