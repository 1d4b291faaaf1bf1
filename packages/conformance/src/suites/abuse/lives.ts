import { describe, expect } from "vitest";
import { oddThrows } from "../../fixture/odd-throws.ts";
import { closeCodeBytes, frameBytes, opcodes, RawSocket, upgradeRequest } from "../../raw/raw-socket.ts";
import { connectPeer, expectAlive, fresh, greetPeer, lineOf } from "../server/section.ts";
import { watchHeld } from "./held.ts";
import { answerTo, requestWith } from "./requests.ts";
import type { AttackSection } from "./section.ts";

const { text, continuation, close } = opcodes;
const MEBIBYTE = 1_048_576;
const OURS = "codec=edn&sente-lite=1";

const message = (payload: string) => frameBytes({ opcode: text, payload });
const pathOf = (query = "") => `/chsk?client-id=${fresh("life")}&codec=edn${query}`;
const greeted = async (port: number, query?: string) => {
  const socket = await RawSocket.upgrade(port, pathOf(query));
  await socket.until((seen) => seen.includes(":chsk/handshake"));
  return socket;
};
const asked = async (port: number, bytes: string | Uint8Array) => {
  const socket = await RawSocket.open(port);
  socket.write(bytes);
  return socket;
};

/** How far a peer comes before it resets its connection. */
const stages: Readonly<Record<string, (port: number) => Promise<RawSocket>>> = {
  "before it sent anything": (port) => RawSocket.open(port),
  "in the first line": (port) => asked(port, "GET /chsk?cl"),
  "among the headers": (port) => asked(port, upgradeRequest(port, pathOf()).slice(0, 90)),
  "behind its request": (port) => asked(port, upgradeRequest(port, pathOf())),
  "while it is judged": (port) => asked(port, upgradeRequest(port, pathOf("&authorizeAfter=20"))),
  "when it is refused by status": (port) => asked(port, upgradeRequest(port, pathOf("&unauthorized=1"))),
  "when it is refused by a close": (port) => asked(port, upgradeRequest(port, pathOf("&unauthorized=1&sente-lite=1"))),
  "once it is upgraded": (port) => RawSocket.upgrade(port, pathOf()),
  "once it is greeted": (port) => greeted(port),
  "inside a frame": async (port) => {
    const socket = await greeted(port);
    socket.write(message("x".repeat(500_000)).subarray(0, 300_000));
    return socket;
  },
  "between fragments": async (port) => {
    const socket = await greeted(port);
    socket.frame({ opcode: text, payload: "x".repeat(100_000), fin: false });
    socket.frame({ opcode: continuation, payload: "x", fin: false });
    return socket;
  },
  "while its request is handled": async (port) => {
    const socket = await greeted(port);
    socket.write(message('[[:test/slow 20] "slow"]'));
    return socket;
  },
  "while it is answered": async (port) => {
    const socket = await greeted(port);
    socket.stall();
    socket.write(message('[[:test/images {:count 10 :bytes 90000}] "images"]'));
    return socket;
  },
  "behind its close": async (port) => {
    const socket = await greeted(port);
    socket.frame({ opcode: close, payload: Uint8Array.of(0x03, 0xe8) });
    return socket;
  },
  "when it is closed for what it sent": async (port) => {
    const socket = await greeted(port);
    socket.frame({ opcode: 5, payload: "x" });
    return socket;
  },
};

export function lifeAttacks({ test, open }: AttackSection): void {
  describe("§9 attacks: peers that leave, and peers that stay", () => {
    test("resets at every stage, five at each, leave nothing behind", async () => {
      const { port } = open();
      const resetAll = async () => {
        const sockets = await Promise.all(
          Object.values(stages).flatMap((reach) => Array.from({ length: 5 }, () => reach(port))),
        );
        for (const socket of sockets) socket.reset();
      };
      // Once before it is measured: what a runtime opens once, it has open then.
      await resetAll();
      const watch = await watchHeld(open());
      const before = await watch.look();
      for (let round = 0; round < 3; round++) await resetAll();
      await watch.waitUntilBack(before, 64 * MEBIBYTE);
      await expectAlive(open());
    });

    test("a hundred that say nothing, and a hundred that send a request byte by byte, hold up nobody", async () => {
      const { port } = open();
      const watch = await watchHeld(open());
      const before = await watch.look();
      const silent = await Promise.all(Array.from({ length: 100 }, () => RawSocket.open(port)));
      const slow = await Promise.all(
        Array.from({ length: 100 }, () => asked(port, "GET /chsk HTTP/1.1\r\nHost: a\r\n")),
      );
      for (const byte of "X-Slow: 1\r\nX-Slower") for (const socket of slow) socket.write(byte);
      for (let i = 0; i < 5; i++) await expectAlive(open());
      // Those five stay until the test is over.
      const then = { ...before, connections: before.connections + 5, handles: before.handles + 5 };
      expect((await watch.look()).connections).toBeLessThanOrEqual(then.connections);
      for (const socket of [...silent, ...slow]) socket.destroy();
      await watch.waitUntilBack(then, 64 * MEBIBYTE);
    });

    test("frames behind the request, before it is answered, are handled once it is let in, and never where it is refused", async () => {
      const { port } = open();
      const frame = message('[[:test/echo "early"] "early"]');
      for (const query of ["&authorizeAfter=20&unauthorized=1", "&unauthorized=1"]) {
        const path = pathOf(query);
        const socket = await asked(port, Buffer.concat([Buffer.from(upgradeRequest(port, path)), frame]));
        expect(await socket.untilOrEnd((seen) => seen.includes("\r\n\r\n"))).toMatch(/^HTTP\/1\.1 40[01] |^$/);
        socket.destroy();
        const clientId = /client-id=([^&]+)/.exec(path)?.[1] ?? "";
        expect(open().events().filter(lineOf("test/echo", clientId))).toEqual([]);
      }
      const socket = await asked(port, Buffer.concat([Buffer.from(upgradeRequest(port, pathOf())), frame]));
      const seen = await socket.untilOrEnd((all) => all.includes('["early" "early"]') || /^HTTP\/1\.1 4/.test(all));
      expect(seen).toMatch(/:chsk\/handshake.*\["early" "early"\]|^HTTP\/1\.1 400 /s);
      socket.destroy();
      await expectAlive(open());
    });

    test("200,000 fragments of a byte are one message, or too many; memory comes back", async () => {
      const watch = await watchHeld(open());
      const before = await watch.look();
      const socket = await greeted(open().port);
      const one = frameBytes({ opcode: continuation, payload: "x", fin: false });
      const part = Buffer.concat(Array.from({ length: 20_000 }, () => one));
      socket.frame({ opcode: text, payload: '[[:test/echo "', fin: false });
      let isOpen = true;
      for (let i = 0; i < 10 && isOpen; i++) isOpen = await socket.writeFully(part);
      socket.frame({ opcode: continuation, payload: '"] "fragments"]' });
      const answers = (seen: string) => seen.includes('"fragments"]') || seen.includes(closeCodeBytes(1008));
      await socket.untilOrEnd(answers);
      socket.destroy();
      await watch.waitUntilBack(before, 96 * MEBIBYTE);
    });
  });

  describe("§6 attacks: sessions that are raced for", () => {
    test("ten that name one session at once: one has it, and nobody of another user", async () => {
      const clientId = fresh("raced");
      const first = await connectPeer(open(), `client-id=${clientId}&${OURS}&attempt=1`);
      const [, session = ""] = /:session "([^"]+)"/.exec(await first.text()) ?? [];
      first.send("[[:chsk/ack 0] nil]");
      expect(await first.ask('[[:test/echo 1] "r1"]')).toBe('[1 "r1"]');
      first.terminate();
      const headers = [`Sec-WebSocket-Protocol: sente-lite, session.${session}.1`];
      const racers = await Promise.all(
        Array.from({ length: 20 }, async (_, n) => {
          const isStranger = n % 2 === 1;
          const query = `client-id=${clientId}&${OURS}&attempt=${n + 2}${isStranger ? "&uid=mallory" : ""}`;
          const socket = await asked(open().port, upgradeRequest(open().port, `/chsk?${query}`, headers));
          const seen = await socket.untilOrEnd((all) => all.includes(":chsk/handshake") || /^HTTP\/1\.1 4/.test(all));
          return { socket, isStranger, hasIt: seen.includes(`:session "${session}", :resumed? true`) };
        }),
      );
      expect(racers.filter(({ isStranger, hasIt }) => isStranger && hasIt)).toEqual([]);
      const had = racers.filter(({ hasIt }) => hasIt);
      expect(had.length).toBeGreaterThan(0);
      const watcher = await greetPeer(open(), `client-id=${fresh("o")}&codec=edn`);
      expect(await watcher.ask(`[[:test/to {:uid "${clientId}" :x :raced}] "t"]`)).toBe('[nil "t"]');
      const isClosed = (seen: string) => seen.includes(closeCodeBytes(4409));
      const got = await Promise.all(
        had.map(async ({ socket }) => {
          const seen = await socket.untilOrEnd((all) => isClosed(all) || all.includes("[:test/direct :raced]"));
          return seen.includes("[:test/direct :raced]");
        }),
      );
      expect(got.filter(Boolean)).toHaveLength(1);
      for (const { socket } of racers) socket.destroy();
    });
  });

  describe("§9 attacks: handlers that fail", () => {
    for (const name of Object.keys(oddThrows)) {
      test(`a handler that ${name}: the request fails, the next is answered`, async () => {
        const peer = await greetPeer(open(), `client-id=${fresh("odd")}&codec=edn`);
        peer.send(`[[:test/odd "${name}"] nil]`);
        expect(await peer.ask(`[[:test/odd "${name}"] "odd"]`)).toBe('[:chsk/error "odd"]');
        expect(await peer.ask('[[:test/echo 1] "next"]')).toBe('[1 "next"]');
      });
    }
  });

  describe("§9 attacks: kinds that a peer makes up", () => {
    test("3,000 event ids, 3,000 requests and 1,000 bad frames, each another: told a few times, and nothing is kept", async () => {
      const watch = await watchHeld(open());
      const errors = () =>
        open()
          .events()
          .filter(({ error }) => error !== undefined).length;
      const clientId = fresh("kinds");
      const peer = await greetPeer(open(), `client-id=${clientId}&codec=edn`);
      const before = { held: await watch.look(), errors: errors() };
      for (let n = 0; n < 3_000; n++) {
        peer.send(`[[:attack/kind-${n}] nil]`);
        peer.send(`[[:attack/asked-${n} ${n}] "k${n}"]`);
        if (n % 3 === 0) peer.send(`[:bad-${n}]`);
        if (n % 200 !== 199) continue;
        // No more than may wait at a server that cannot stop reading.
        peer.send(`[[:test/echo ${n}] "end"]`);
        await peer.textWhere((seen) => seen === `[${n} "end"]`);
      }
      expect(errors() - before.errors).toBeLessThan(20);
      await watch.waitUntilBack(before.held, 64 * MEBIBYTE);
    });

    test("300 strangers of as many names, uids, sessions and pages: told a few times, none is held", async () => {
      const { port } = open();
      const watch = await watchHeld(open());
      const errors = () =>
        open()
          .events()
          .filter(({ error }) => error !== undefined).length;
      const before = { held: await watch.look(), errors: errors() };
      for (let n = 0; n < 300; n += 20) {
        await Promise.all(
          Array.from({ length: 20 }, (_, i) => {
            const query = `&uid=${fresh("made-up")}&sente-lite=1&client-instance=${n + i}&x-${n + i}=1`;
            const session = `Sec-WebSocket-Protocol: sente-lite, session.${fresh("none")}.${n}`;
            const origin = n % 40 === 0 ? [`Origin: http://page-${n + i}.example`] : [];
            return answerTo(port, requestWith(port, pathOf(query), { headers: [session, `X-Pad: ${n}`, ...origin] }));
          }),
        );
      }
      expect(errors() - before.errors).toBeLessThan(20);
      await watch.waitUntilBack(before.held, 64 * MEBIBYTE);
    });
  });
}
