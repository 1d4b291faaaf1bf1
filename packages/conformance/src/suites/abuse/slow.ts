import { describe, expect } from "vitest";
import { closeCodeBytes, frameBytes, opcodes, RawSocket } from "../../raw/raw-socket.ts";
import { everyCodec, fresh, serverFor } from "../server/section.ts";
import { serveOthers, watchHeld } from "./held.ts";
import type { AttackSection } from "./section.ts";

const { text, continuation, ping, close } = opcodes;
const MEBIBYTE = 1_048_576;

/** Where a peer that was greeted stops, and by which bytes it goes on, one at a time. */
const stops: Readonly<Record<string, { readonly before: Uint8Array; readonly drip: Uint8Array }>> = {
  "in the header of a frame": { before: Buffer.of(0x81), drip: Buffer.of() },
  "in a length of eight bytes": { before: Buffer.of(0x81, 0xff), drip: Buffer.alloc(6) },
  "in the mask": { before: Buffer.of(0x81, 0x85, 1), drip: Buffer.of(2, 3) },
  "in a message, byte by byte": {
    before: frameBytes({ opcode: text, payload: "", claimedLength: 100_000 }),
    drip: Buffer.alloc(20, "x"),
  },
  "in a message of all that it may send, but for a byte": {
    before: frameBytes({ opcode: text, payload: "x".repeat(200_000), claimedLength: MEBIBYTE }),
    drip: Buffer.alloc(20, "x"),
  },
  "between fragments": {
    before: frameBytes({ opcode: text, payload: "x", fin: false }),
    drip: Buffer.concat(
      Array.from({ length: 20 }, () => frameBytes({ opcode: continuation, payload: "", fin: false })),
    ),
  },
  "in a ping": { before: frameBytes({ opcode: ping, payload: "", claimedLength: 125 }), drip: Buffer.alloc(20) },
  "in a close": { before: frameBytes({ opcode: close, payload: "", claimedLength: 125 }), drip: Buffer.alloc(20) },
};

export function slowAttacks({ target, test, open }: AttackSection): void {
  describe("§9 attacks: peers that are slow", () => {
    const impatient = serverFor({ target }, { ...everyCodec, options: { pingIntervalMs: 100, pingTimeoutMs: 100 } });
    const greeted = async (port: number, clientId = fresh("slow")) => {
      const socket = await RawSocket.upgrade(port, `/chsk?client-id=${clientId}&codec=edn`);
      await socket.until((seen) => seen.includes(":chsk/handshake"));
      return socket;
    };

    for (const [stage, { before: bytes, drip }] of Object.entries(stops)) {
      test(`twenty that stop ${stage} hold up nobody, deliver nothing, and leave nothing`, async () => {
        const { port } = open();
        const watch = await watchHeld(open());
        const before = await watch.look();
        const clientId = fresh("stopped");
        const sockets = await Promise.all(Array.from({ length: 20 }, () => greeted(port, clientId)));
        for (const socket of sockets) socket.write(bytes);
        for (const byte of drip) for (const socket of sockets) socket.write(Buffer.of(byte));
        await serveOthers(open(), 3);
        expect((await watch.look()).residentBytes - before.residentBytes).toBeLessThan(96 * MEBIBYTE);
        for (const socket of sockets) socket.destroy();
        await watch.waitUntilBack(before, 96 * MEBIBYTE);
        const told = open()
          .events()
          .filter((line) => line.clientId === clientId);
        expect(told.flatMap(({ event }) => event?.[0] ?? []).filter((id) => !id.startsWith("chsk/"))).toEqual([]);
      });
    }

    test("one that stops at each stage is ended for its silence, as one that says nothing", async () => {
      await Promise.all(
        [Buffer.of(), ...Object.values(stops).map(({ before }) => before)].map(async (bytes) => {
          const socket = await greeted(impatient().port);
          socket.write(bytes);
          await socket.until((seen) => seen.includes(closeCodeBytes(4408)));
          socket.destroy();
        }),
      );
      await serveOthers(impatient(), 1);
    });
  });

  describe("§9 attacks: readers that stop", () => {
    /** What a reader has asked for when it stops. */
    const asks: Readonly<Record<string, string>> = {
      "before its handshake": "",
      "before ten replies of 90 KB": '[[:test/images {:count 10 :bytes 90000}] "images"]',
      "before 500 small pushes": '[[:test/burst 500] "burst"]',
      "before the pong of its ping": '[[:chsk/ws-ping] "ping"]',
    };
    for (const [when, ask] of Object.entries(asks)) {
      test(`thirty that stop reading ${when} cost nobody else, and leave nothing`, async () => {
        const watch = await watchHeld(open());
        const before = await watch.look();
        const sockets = await Promise.all(
          Array.from({ length: 30 }, async () => {
            const clientId = fresh("reader");
            const socket = await RawSocket.upgrade(open().port, `/chsk?client-id=${clientId}&codec=edn`);
            socket.stall();
            if (ask !== "") socket.frame({ opcode: text, payload: ask });
            return socket;
          }),
        );
        await serveOthers(open());
        expect((await watch.look()).residentBytes - before.residentBytes).toBeLessThan(128 * MEBIBYTE);
        for (const socket of sockets) socket.reset();
        await watch.waitUntilBack(before, 96 * MEBIBYTE);
      });
    }
  });
}
