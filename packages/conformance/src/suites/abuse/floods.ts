import { describe, expect, onTestFinished } from "vitest";
import { frameBytes, opcodes, RawSocket } from "../../raw/raw-socket.ts";
import { testedServers } from "../../runtimes.mjs";
import { connectPeer, everyCodec, fresh, greetPeer } from "../server/section.ts";
import { serveOthers, watchHeld } from "./held.ts";
import { requestWith } from "./requests.ts";
import type { AttackSection } from "./section.ts";

const { text, continuation, ping, pong } = opcodes;
const MEBIBYTE = 1_048_576;

const message = (payload: string) => frameBytes({ opcode: text, payload });
const times = (count: number, make: (n: number) => Uint8Array) =>
  Buffer.concat(Array.from({ length: count }, (_, n) => make(n)));

/** What one peer sends at once, and stops reading. */
const floods: Readonly<Record<string, () => Uint8Array>> = {
  "10,000 events": () => times(10_000, () => message("[[:test/never] nil]")),
  "3,000 requests that are answered": () => times(3_000, (n) => message(`[[:test/echo ${n}] "e${n}"]`)),
  "2,000 requests that never are": () => times(2_000, (n) => message(`[[:test/never] "n${n}"]`)),
  "2,000 requests that are answered in an hour": () => times(2_000, (n) => message(`[[:test/slow 3600000] "s${n}"]`)),
  "10,000 pings of the protocol": () => times(10_000, (n) => message(`[[:chsk/ws-ping] "p${n}"]`)),
  "10,000 pings of RFC 6455": () => times(10_000, (n) => frameBytes({ opcode: ping, payload: `p${n}` })),
  "10,000 frames that are no event": () => times(10_000, (n) => message(`[${n}]`)),
  "10,000 frames that cannot be read": () => times(10_000, () => message(")")),
  "3,000 rooms to join": () => times(3_000, (n) => message(`[[:chsk/room-join {:room "kept/flood-${n}"}] "j${n}"]`)),
  "3,000 replies to nothing": () => times(3_000, (n) => message(`[[:chsk/reply {:id ${n} :value nil}] nil]`)),
  "3,000 refreshes": () => times(3_000, (n) => message(`[[:chsk/refresh [["uid" "u${n}"]]] nil]`)),
};

export function floodAttacks({ target, test, open }: AttackSection): void {
  describe("§9 attacks: floods", () => {
    for (const [what, bytes] of Object.entries(floods)) {
      test(`${what}: others are served meanwhile, and what they took comes back`, async () => {
        const watch = await watchHeld(open());
        const before = await watch.look();
        const clientId = fresh("flood");
        const own = "sente-lite=1&attempt=1&features=sessions.error-details.rooms.requests.volatile.refresh";
        const socket = await RawSocket.upgrade(open().port, `/chsk?client-id=${clientId}&codec=edn&${own}`);
        await socket.until((seen) => seen.includes(":chsk/handshake"));
        socket.stall();
        socket.write(bytes());
        await serveOthers(open());
        expect((await watch.look()).residentBytes - before.residentBytes).toBeLessThan(160 * MEBIBYTE);
        socket.reset();
        await watch.waitUntilBack(before, 128 * MEBIBYTE);
      });
    }

    test("messages that do not end, a byte and 64 KiB of pongs at a time, hold no more than messages may", async () => {
      const server = await target.start({ ...everyCodec, options: { maxPayloadBytes: 65_536 } });
      onTestFinished(() => server.kill());
      const watch = await watchHeld(server);
      const before = await watch.look();
      const pongs = times(500, () => frameBytes({ opcode: pong, payload: Buffer.alloc(125) }));
      const part = Buffer.concat([frameBytes({ opcode: continuation, payload: " ", fin: false }), pongs]);
      /** Sends 6 MB, as long as they are taken: a peer that is too fast is read on later. */
      const send = async () => {
        const socket = await RawSocket.upgrade(server.port, `/chsk?client-id=${fresh("endless")}&codec=json`);
        socket.frame({ opcode: text, payload: "[", fin: false });
        for (let i = 0; i < 90 && (await socket.writeFully(part)); i++);
        return socket;
      };
      const sockets = await Promise.all(Array.from({ length: 100 }, send));
      await serveOthers(server, 1);
      // It would be 600 MiB; what nobody holds any more a runtime gives back when it likes.
      expect((await watch.look()).residentBytes - before.residentBytes).toBeLessThan(450 * MEBIBYTE);
      // ws keeps the pongs beside each byte, and so these are ended; other readers keep the bytes alone.
      if (testedServers[target.name].package === "node") {
        for (const socket of sockets) await socket.untilOrEnd(() => false);
      }
      for (const socket of sockets) socket.destroy();
      await watch.waitUntilBack(before, 450 * MEBIBYTE);
    });

    test("200 connections at once, again and again, are let in or refused, and leave nothing", async () => {
      const { port } = open();
      const watch = await watchHeld(open());
      const visit = async () => {
        const sockets = await Promise.all(Array.from({ length: 200 }, () => RawSocket.open(port)));
        for (const socket of sockets) {
          socket.write(requestWith(port, `/chsk?client-id=${fresh("many")}&codec=edn`, {}));
        }
        const heads = await Promise.all(
          sockets.map(async (socket) => (await socket.untilOrEnd((seen) => seen.includes("\r\n\r\n"))).slice(9, 12)),
        );
        expect(heads.filter((status) => !["101", "429"].includes(status))).toEqual([]);
        for (const socket of sockets) socket.destroy();
      };
      await visit();
      const before = await watch.look();
      for (let round = 0; round < 2; round++) await visit();
      await watch.waitUntilBack(before, 64 * MEBIBYTE);
      await serveOthers(open(), 1);
    });

    test("300 sessions of one user that are begun and abandoned take nobody's session, and little", async () => {
      const victim = fresh("victim");
      const own = "codec=edn&sente-lite=1";
      const first = await connectPeer(open(), `client-id=${victim}&${own}&attempt=1`);
      const [, session = ""] = /:session "([^"]+)"/.exec(await first.text()) ?? [];
      first.send("[[:chsk/ack 0] nil]");
      expect(await first.ask('[[:test/echo 1] "v1"]')).toBe('[1 "v1"]');
      first.terminate();
      const watch = await watchHeld(open());
      const before = await watch.look();
      for (let round = 0; round < 6; round++) {
        const sockets = await Promise.all(
          Array.from({ length: 50 }, () =>
            RawSocket.upgrade(open().port, `/chsk?client-id=${fresh("abandoned")}&uid=mallory&${own}`).catch(
              () => undefined,
            ),
          ),
        );
        for (const socket of sockets) socket?.reset();
      }
      await watch.waitUntilBack(before, 64 * MEBIBYTE);
      const again = await greetPeer(open(), `client-id=${victim}&${own}&attempt=2`, {
        protocols: ["sente-lite", `session.${session}.1`],
      });
      expect(again.received[0]).toContain(":resumed? true");
    });
  });
}
