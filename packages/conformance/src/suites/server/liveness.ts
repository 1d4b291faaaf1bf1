import { describe, expect, onTestFinished } from "vitest";
import { textCodecNames } from "../../codecs.ts";
import { closeCodeBytes, RawSocket } from "../../raw/raw-socket.ts";
import type { RunningServer } from "../../targets/target.ts";
import { everyCodec, expectAlive, fresh, greetPeer, type ServerSection, serverFor, sharedServer } from "./section.ts";

export function livenessTests(section: ServerSection): void {
  const { target, test } = section;

  describe("§7 liveness", () => {
    const pinging = sharedServer(section, {
      ...everyCodec,
      options: { pingIntervalMs: 60, pingTimeoutMs: 150, presenceGraceMs: 50 },
    });
    const patient = sharedServer(section, { ...everyCodec, options: { pingIntervalMs: 60, pingTimeoutMs: 60_000 } });
    const quiet = sharedServer(section);
    const cutting = serverFor(section, { ...everyCodec, options: { pingIntervalMs: 500, pingTimeoutMs: 500 } });
    const refusing = serverFor(section, everyCodec);

    /** A peer that is closed with that code and keeps its end open; what it holds of the server. */
    const isGivenBack = async (server: RunningServer, query: string, code: number) => {
      const socket = await RawSocket.upgrade(server.port, `/chsk?${query}`);
      onTestFinished(() => socket.destroy());
      await socket.until((text) => text.includes(closeCodeBytes(code)));
      if (target.capabilities.terminates) await socket.waitForEnd();
      const watcher = await greetPeer(server, `client-id=${fresh("w")}`);
      const waitForLingering = async (count: number) => {
        while ((await watcher.ask('[[:test/lingering] "l"]')) !== `[${count} "l"]`);
      };
      if (!target.capabilities.terminates) {
        await waitForLingering(1);
        socket.destroy();
      }
      await waitForLingering(0);
    };
    const pings = {
      edn: "[:chsk/ws-ping nil]",
      json: '["chsk/ws-ping",null]',
      "transit-json": '["~:chsk/ws-ping",null]',
    };
    const pongs = {
      edn: "[[:chsk/ws-pong] nil]",
      json: '[["chsk/ws-pong"],null]',
      "transit-json": '[["~:chsk/ws-pong"],null]',
    };

    for (const codec of textCodecNames) {
      test(`${codec}: a silent peer is pinged, and one that answers is kept and pinged again`, async () => {
        const peer = await greetPeer(pinging(), `client-id=${fresh("l")}&codec=${codec}`);
        for (let i = 0; i < 5; i++) {
          expect(await peer.text()).toBe(pings[codec]);
          peer.send(pongs[codec]);
        }
        peer.send(pongs[codec]);
      });
    }

    test("bare: a silent peer is pinged in its own form", async () => {
      const peer = await greetPeer(pinging(), "");
      for (let i = 0; i < 3; i++) {
        expect(await peer.text()).toBe("[:chsk/ws-ping]");
        peer.send("[:chsk/ws-pong]");
      }
    });

    test("a ping that is not answered ends the connection with 4408, after one ping", async () => {
      const peer = await greetPeer(pinging(), `client-id=${fresh("l")}`);
      expect((await peer.waitForClose()).code).toBe(4408);
      expect(peer.received.slice(1)).toEqual(["[:chsk/ws-ping nil]"]);
    });

    test("a peer that does not even read is given up", async () => {
      const clientId = fresh("hung");
      const peer = await greetPeer(pinging(), `client-id=${clientId}&uid=${clientId}`);
      peer.stall();
      const watcher = await greetPeer(quiet(), `client-id=${fresh("w")}`);
      await pinging().next((line) => line.event?.[0] === "chsk/uidport-close" && line.clientId === clientId);
      expect(await watcher.ask('[[:test/echo 1] "w1"]')).toBe('[1 "w1"]');
    });

    test("a peer that answers neither ping nor close is cut, or counted where the runtime cannot", async () => {
      await isGivenBack(cutting(), `client-id=${fresh("dead")}`, 4408);
    });

    test("a peer that is refused and does not answer the close is cut, or counted where the runtime cannot", async () => {
      await isGivenBack(refusing(), `client-id=${fresh("no")}&sente-lite=1&attempt=1&unauthorized=1`, 4401);
    });

    test("anything that comes is life, not the pong alone", async () => {
      const peer = await greetPeer(patient(), `client-id=${fresh("l")}`);
      for (let i = 0; i < 3; i++) {
        expect(await peer.text()).toBe("[:chsk/ws-ping nil]");
        expect(await peer.ask(`[[:test/echo ${i}] "e${i}"]`)).toBe(`[${i} "e${i}"]`);
      }
    });

    test("a client's ping without cb-id is answered nothing", async () => {
      const peer = await greetPeer(quiet(), `client-id=${fresh("l")}`);
      peer.send("[[:chsk/ws-ping] nil]");
      expect(await peer.ask('[[:test/echo 1] "after"]')).toBe('[1 "after"]');
    });

    test("an unasked pong is answered nothing", async () => {
      const peer = await greetPeer(quiet(), `client-id=${fresh("l")}`);
      peer.send("[[:chsk/ws-pong] nil]");
      expect(await peer.ask('[[:test/echo 1] "after"]')).toBe('[1 "after"]');
    });

    test("a crowd of unread pings does not pile up their answers", async () => {
      const peer = await greetPeer(quiet(), `client-id=${fresh("l")}`);
      for (let i = 0; i < 5_000; i++) peer.send(`[[:chsk/ws-ping] "p${i}"]`);
      const last = peer.textWhere((text) => text === '["pong" "p4999"]');
      const outcome = await last.then(
        () => "answered",
        async () => (await peer.waitForClose()).code,
      );
      // Where reading cannot be paused they may be too many for one turn of the loop, as events are.
      expect(target.capabilities.pausesReading ? ["answered"] : ["answered", 4413, 1006]).toContain(outcome);
      await expectAlive(quiet());
    });
  });
}
