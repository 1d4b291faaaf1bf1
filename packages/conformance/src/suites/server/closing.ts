import { describe, expect, onTestFinished } from "vitest";
import type { RawPeer } from "../../raw/raw-peer.ts";
import { closeCodeBytes, frameBytes, opcodes, RawSocket, upgradeRequest } from "../../raw/raw-socket.ts";
import type { RunningServer } from "../../targets/target.ts";
import { everyCodec, expectAlive, fresh, greeted, type ServerSection, serverFor } from "./section.ts";

export function closingTests(section: ServerSection): void {
  const { target, test } = section;

  describe("§8 close codes", () => {
    const server = serverFor(section, { ...everyCodec, options: { maxPayloadBytes: 10_000 } });

    for (const code of [1000, 4000, 4401, 4503]) {
      test(`the application closes a connection with ${code}`, async () => {
        const peer = await greeted(server(), `client-id=${fresh("c")}`);
        peer.send(`[[:test/close ${code}] nil]`);
        expect((await peer.closed()).code).toBe(code);
      });
    }

    test("the same user and client id again: the older connection is closed with 4409", async () => {
      const query = `client-id=${fresh("c")}&uid=${fresh("u")}`;
      const older = await greeted(server(), query);
      const newer = await greeted(server(), query);
      expect((await older.closed()).code).toBe(4409);
      expect(await newer.ask("[[:test/push-me 1] nil]")).toBe("[[[:test/pushed 1]] nil]");
    });

    test("the same client id under another user is another connection", async () => {
      const clientId = fresh("c");
      const [ann, bob] = [fresh("ann"), fresh("bob")];
      const first = await greeted(server(), `client-id=${clientId}&uid=${ann}`);
      const second = await greeted(server(), `client-id=${clientId}&uid=${bob}`);
      expect(await first.ask('[[:test/whoami] "w"]')).toBe(`[{:uid "${ann}", :client-id "${clientId}"} "w"]`);
      expect(await second.ask('[[:test/whoami] "w"]')).toBe(`[{:uid "${bob}", :client-id "${clientId}"} "w"]`);
    });

    test("uid and client id are not mixed up where their texts could be", async () => {
      const first = await greeted(server(), "client-id=b/c&uid=a");
      const second = await greeted(server(), "client-id=c&uid=a/b");
      expect(await first.ask('[[:test/echo 1] "1"]')).toBe('[1 "1"]');
      expect(await second.ask('[[:test/echo 1] "1"]')).toBe('[1 "1"]');
    });

    test("what the taken-over connection still asked is not answered to the new one", async () => {
      const query = `client-id=${fresh("c")}&uid=${fresh("u")}`;
      const older = await greeted(server(), query);
      older.send('[[:test/slow 30] "old"]');
      // The server has read it: it answers what came after.
      await older.ask('[[:test/echo 1] "read"]');
      const newer = await greeted(server(), query);
      expect(await newer.ask('[[:test/slow 60] "new"]')).toBe('["slow" "new"]');
    });

    test("a message over the limit closes with 1009, and harms nobody else", async () => {
      const peer = await greeted(server(), `client-id=${fresh("c")}`);
      const fitting = "x".repeat(9_000);
      expect(await peer.ask(`[[:test/echo "${fitting}"] "f"]`)).toBe(`["${fitting}" "f"]`);
      peer.send(`[[:test/echo "${"x".repeat(10_000)}"] "o"]`);
      expect((await peer.closed()).code).toBe(1009);
      await expectAlive(server());
    });

    test("a message that says in its header that it is over the limit is refused before it comes, where the runtime can", async () => {
      const socket = await RawSocket.upgraded(server().port, `/chsk?client-id=${fresh("c")}`);
      onTestFinished(() => socket.destroy());
      const message = frameBytes({ opcode: opcodes.text, payload: `"${"x".repeat(20_000)}"` });
      socket.write(message.subarray(0, 100));
      if (target.capabilities.limitsReceived) {
        await socket.ended();
        return;
      }
      await expectAlive(server());
      socket.write(message.subarray(100));
      await socket.until((text) => text.includes(closeCodeBytes(1009)));
    });

    test("the limit is on bytes, not on characters", async () => {
      const peer = await greeted(server(), `client-id=${fresh("c")}`);
      peer.send(`[[:test/echo "${"☃".repeat(4_000)}"] "o"]`);
      expect((await peer.closed()).code).toBe(1009);
    });

    test("a push too large to be sent is dropped and reported; the connection stays", async () => {
      const uid = fresh("u");
      const peer = await greeted(server(), `client-id=${fresh("c")}&uid=${uid}`);
      // Read in one frame, it grows by being written twice over: keys of the namespace map are written out.
      const keys = Array.from({ length: 450 }, (_, i) => `:k${i} ${i}`).join(" ");
      peer.send(`[[:test/push-me #:${"n".repeat(20)}{${keys}}] nil]`);
      expect(await peer.ask('[[:test/echo 1] "after"]')).toBe('[1 "after"]');
      await server().next((line) => typeof line.error === "object" && line.error.code === "too-large");
    });
  });

  describe("§8 close codes: a server that ends", () => {
    const startedFor = async (run: (server: RunningServer, peers: readonly RawPeer[]) => Promise<void>) => {
      const server = await target.start(everyCodec);
      try {
        const peers = [
          await greeted(server, `client-id=${fresh("e")}`),
          await greeted(server, ""),
          await greeted(server, `client-id=${fresh("e")}&sente-lite=1&attempt=1`),
        ];
        await run(server, peers);
      } finally {
        await server.kill();
      }
    };

    test("it closes every connection with 1012, and ends cleanly", async () => {
      await startedFor(async (server, peers) => {
        const stopped = server.stop();
        for (const peer of peers) expect((await peer.closed()).code).toBe(1012);
        expect(await stopped).toBe(0);
      });
    });

    test("it sends what waits first", async () => {
      await startedFor(async (server, [peer]) => {
        peer?.send("[[:test/burst 2000] nil]");
        await server.next((line) => line.event?.[0] === "test/burst");
        const stopped = server.stop();
        await peer?.closed();
        expect(await stopped).toBe(0);
        expect(peer?.received.join("").match(/:test\/item/g)).toHaveLength(2_000);
      });
    });

    test("it ends though a peer hangs", async () => {
      await startedFor(async (server, [peer]) => {
        peer?.stall();
        expect(await server.stop()).toBe(0);
      });
    });

    test("it ends though there are connections of which nothing became", async () => {
      await startedFor(async (server) => {
        const halfOpen = async (text: string) => {
          const socket = await RawSocket.open(server.port, { allowHalfOpen: true });
          onTestFinished(() => socket.destroy());
          socket.write(text);
          return socket;
        };
        await halfOpen("");
        await halfOpen("GET /chsk?client-id=half HTTP/1.1\r\nHost: ");
        for (const path of ["/chsk?client-id=a&unauthorized=1", "/elsewhere"]) {
          const refused = await halfOpen(upgradeRequest(server.port, path));
          await refused.until((text) => /^HTTP\/1\.1 40[14] /.test(text));
        }
        await halfOpen(upgradeRequest(server.port, `/chsk?client-id=${fresh("judged")}&authorizeAfter=60000`));
        // The server has read what came before this.
        await expectAlive(server);
        expect(await server.stop()).toBe(0);
      });
    });
  });
}
