import { describe, expect, onTestFinished } from "vitest";
import type { RawPeer } from "../../raw/raw-peer.ts";
import { closeCodeBytes, frameBytes, opcodes, RawSocket, upgradeRequest } from "../../raw/raw-socket.ts";
import type { RunningServer } from "../../targets/target.ts";
import { everyCodec, expectAlive, fresh, greetPeer, type ServerSection, serverFor } from "./section.ts";

export function closingTests(section: ServerSection): void {
  const { target, test } = section;

  describe("§8 close codes", () => {
    const server = serverFor(section, { ...everyCodec, options: { maxPayloadBytes: 10_000 } });

    for (const code of [1000, 4000, 4401, 4503]) {
      test(`the application closes a connection with ${code}`, async () => {
        const peer = await greetPeer(server(), `client-id=${fresh("c")}`);
        peer.send(`[[:test/close ${code}] nil]`);
        expect((await peer.waitForClose()).code).toBe(code);
      });
    }

    test("what a user that the application closes still has queued is not handled, and others go on", async () => {
      const [uid, other] = [fresh("u"), fresh("o")];
      const peer = await greetPeer(server(), `client-id=${fresh("c")}&uid=${uid}`);
      const witness = await greetPeer(server(), `client-id=${fresh("c")}&uid=${other}`);
      // As many as the fixture works on at a time: what follows waits.
      for (let i = 0; i < 1_000; i++) peer.send("[[:test/slow 500] nil]");
      for (let x = 0; x < 5; x++) peer.send(`[[:test/to {:uid "${other}" :x ${x}}] nil]`);
      await server().next(({ event, uid: of }) => of === uid && event?.[0] === "test/to");
      expect(await witness.ask(`[[:test/expel "${uid}"] "e"]`)).toBe('[nil "e"]');
      expect((await peer.waitForClose()).code).toBe(1000);
      // The handlers that ran have ended when this one has.
      expect(await witness.ask('[[:test/slow 700] "s"]')).toBe('["slow" "s"]');
    });

    test("the same user and client id again: both stay, as with Sente, and pushes go to the newer", async () => {
      const query = `client-id=${fresh("c")}&uid=${fresh("u")}`;
      const older = await greetPeer(server(), query);
      const newer = await greetPeer(server(), query);
      expect(await newer.ask("[[:test/push-me 1] nil]")).toBe("[[[:test/pushed 1]] nil]");
      older.send("[[:test/push-me 2] nil]");
      expect(await newer.text()).toBe("[[[:test/pushed 2]] nil]");
      expect(await newer.ask("[[:test/broadcast 3] nil]")).toBe("[[[:test/broadcast 3]] nil]");
      expect(await older.ask('[[:test/echo 4] "e"]')).toBe('[4 "e"]');
    });

    test("a peer of Sente's that is closed each time it comes is not greeted again at once; another is", async () => {
      const query = `client-id=${fresh("c")}&uid=${fresh("u")}`;
      const waits: number[] = [];
      for (let turn = 0; turn < 3; turn++) {
        const from = performance.now();
        const peer = await greetPeer(server(), query);
        waits.push(performance.now() - from);
        if (turn === 1) {
          const other = await greetPeer(server(), `client-id=${fresh("c")}&uid=${fresh("u")}`);
          expect(await other.ask('[[:test/echo 1] "e"]')).toBe('[1 "e"]');
        }
        peer.send("[[:test/close 4000] nil]");
        expect((await peer.waitForClose()).code).toBe(4000);
      }
      // Timers of a runtime may be some milliseconds early.
      expect(waits[1]).toBeGreaterThan(900);
      expect(waits[2]).toBeGreaterThan(1_900);
      // Nor one that sends what closes its connection.
      const big = `client-id=${fresh("c")}&uid=${fresh("u")}`;
      const peer = await greetPeer(server(), big);
      peer.send(`[[:test/echo "${"x".repeat(10_000)}"] "o"]`);
      await peer.waitForClose();
      const from = performance.now();
      await greetPeer(server(), big);
      expect(performance.now() - from).toBeGreaterThan(900);
    });

    test("a peer of Sente's that comes again by itself is greeted at once", async () => {
      const query = `client-id=${fresh("c")}&uid=${fresh("u")}`;
      for (let turn = 0; turn < 3; turn++) {
        const from = performance.now();
        const peer = await greetPeer(server(), query);
        expect(performance.now() - from).toBeLessThan(900);
        if (turn === 0) await peer.close(1000);
        else peer.terminate();
      }
    });

    test("the same client id under another user is another connection", async () => {
      const clientId = fresh("c");
      const [ann, bob] = [fresh("ann"), fresh("bob")];
      const first = await greetPeer(server(), `client-id=${clientId}&uid=${ann}`);
      const second = await greetPeer(server(), `client-id=${clientId}&uid=${bob}`);
      expect(await first.ask('[[:test/whoami] "w"]')).toBe(`[{:uid "${ann}", :client-id "${clientId}"} "w"]`);
      expect(await second.ask('[[:test/whoami] "w"]')).toBe(`[{:uid "${bob}", :client-id "${clientId}"} "w"]`);
    });

    test("uid and client id are not mixed up where their texts could be", async () => {
      const first = await greetPeer(server(), "client-id=b/c&uid=a");
      const second = await greetPeer(server(), "client-id=c&uid=a/b");
      expect(await first.ask('[[:test/echo 1] "1"]')).toBe('[1 "1"]');
      expect(await second.ask('[[:test/echo 1] "1"]')).toBe('[1 "1"]');
    });

    test("what the older connection of a client id asked is not answered to the newer one", async () => {
      const query = `client-id=${fresh("c")}&uid=${fresh("u")}`;
      const older = await greetPeer(server(), query);
      older.send('[[:test/slow 30] "old"]');
      // The server has read it: it answers what came after.
      await older.ask('[[:test/echo 1] "read"]');
      const newer = await greetPeer(server(), query);
      expect(await newer.ask('[[:test/slow 60] "new"]')).toBe('["slow" "new"]');
    });

    test("a message over the limit closes with 1009, and harms nobody else", async () => {
      const peer = await greetPeer(server(), `client-id=${fresh("c")}`);
      const fitting = "x".repeat(9_000);
      expect(await peer.ask(`[[:test/echo "${fitting}"] "f"]`)).toBe(`["${fitting}" "f"]`);
      peer.send(`[[:test/echo "${"x".repeat(10_000)}"] "o"]`);
      expect((await peer.waitForClose()).code).toBe(1009);
      await expectAlive(server());
    });

    test("a message that says in its header that it is over the limit is refused before it comes, where the runtime can", async () => {
      const socket = await RawSocket.upgrade(server().port, `/chsk?client-id=${fresh("c")}`);
      onTestFinished(() => socket.destroy());
      const message = frameBytes({ opcode: opcodes.text, payload: `"${"x".repeat(20_000)}"` });
      socket.write(message.subarray(0, 100));
      if (target.capabilities.limitsReceived) {
        await socket.waitForEnd();
        return;
      }
      await expectAlive(server());
      socket.write(message.subarray(100));
      await socket.until((text) => text.includes(closeCodeBytes(1009)));
    });

    test("the limit is on bytes, not on characters", async () => {
      const peer = await greetPeer(server(), `client-id=${fresh("c")}`);
      peer.send(`[[:test/echo "${"☃".repeat(4_000)}"] "o"]`);
      expect((await peer.waitForClose()).code).toBe(1009);
    });

    test("a push too large to be sent is dropped and reported; the connection stays", async () => {
      const uid = fresh("u");
      const peer = await greetPeer(server(), `client-id=${fresh("c")}&uid=${uid}`);
      // Read in one frame, it grows by being written twice over: keys of the namespace map are written out.
      const keys = Array.from({ length: 450 }, (_, i) => `:k${i} ${i}`).join(" ");
      peer.send(`[[:test/push-me #:${"n".repeat(20)}{${keys}}] nil]`);
      expect(await peer.ask('[[:test/echo 1] "after"]')).toBe('[1 "after"]');
      await server().next((line) => typeof line.error === "object" && line.error.code === "too-large");
    });
  });

  describe("§8 close codes: a server that ends", () => {
    const startFor = async (run: (server: RunningServer, peers: readonly RawPeer[]) => Promise<void>) => {
      const server = await target.start(everyCodec);
      try {
        const peers = [
          await greetPeer(server, `client-id=${fresh("e")}`),
          await greetPeer(server, ""),
          await greetPeer(server, `client-id=${fresh("e")}&sente-lite=1&attempt=1`),
        ];
        await run(server, peers);
      } finally {
        await server.kill();
      }
    };

    test("it closes every connection with 1012, and ends cleanly", async () => {
      await startFor(async (server, peers) => {
        const stopped = server.stop();
        for (const peer of peers) expect((await peer.waitForClose()).code).toBe(1012);
        expect(await stopped).toBe(0);
      });
    });

    test("it sends what waits first", async () => {
      await startFor(async (server, [peer]) => {
        peer?.send("[[:test/burst 2000] nil]");
        await server.next((line) => line.event?.[0] === "test/burst");
        const stopped = server.stop();
        await peer?.waitForClose();
        expect(await stopped).toBe(0);
        expect(peer?.received.join("").match(/:test\/item/g)).toHaveLength(2_000);
      });
    });

    test("it ends though a peer hangs", async () => {
      await startFor(async (server, [peer]) => {
        peer?.stall();
        expect(await server.stop()).toBe(0);
      });
    });

    test("it ends though there are connections of which nothing became", async () => {
      await startFor(async (server) => {
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
