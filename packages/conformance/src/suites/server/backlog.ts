import { describe, expect } from "vitest";
import { everyCodec, expectAlive, fresh, greetPeer, lineOf, type ServerSection, serverFor } from "./section.ts";

/** So many events the fixture works on at a time; the others wait. */
const CONCURRENCY = 1_000;

export function backlogTests(section: ServerSection): void {
  const { target, test } = section;

  describe("§9 limits: events that pile up", () => {
    const server = serverFor(section, { ...everyCodec, options: { maxReceived: 200 } });

    test("a peer that sends more than is worked on is read no further until there is room, or closed with 4413", async () => {
      const peer = await greetPeer(server(), `client-id=${fresh("eager")}`);
      for (let i = 0; i < CONCURRENCY; i++) peer.send("[[:test/slow 400] nil]");
      const padded = `[[:test/never "${"x".repeat(5_000)}"] nil]`;
      for (let i = 0; i < 1_000; i++) peer.send(padded);
      if (target.capabilities.pausesReading) expect(await peer.ask('[[:test/echo 1] "end"]')).toBe('[1 "end"]');
      else {
        const codes = target.capabilities.resetsUnread ? [4413, 1006] : [4413];
        expect(codes).toContain((await peer.waitForClose()).code);
      }
      await expectAlive(server());
    });
  });

  describe("§9 limits: events that wait for a validator", () => {
    const server = serverFor(section, { ...everyCodec, options: { slowCheckMs: 600_000 } });
    /** A peer that sends 60 frames of a mebibyte; how much more memory the server has then. */
    const grownBy = async (data: string) => {
      const asking = await greetPeer(server(), `client-id=${fresh("asks")}&codec=edn`);
      const residentBytes = async () => Number(/^\[(\d+) /.exec(await asking.ask('[[:test/memory] "m"]'))?.[1]);
      const before = await residentBytes();
      const peer = await greetPeer(server(), `client-id=${fresh("flood")}&codec=json`);
      for (let i = 0; i < 60; i++) peer.send(`[["test/never",${data}],null]`);
      if (target.capabilities.pausesReading) {
        // It reads no further: others are served, and what is asked behind all of it is not answered.
        for (let i = 0; i < 10; i++) await expectAlive(server());
      } else {
        const codes = target.capabilities.resetsUnread ? [4413, 1006] : [4413];
        expect(codes).toContain((await peer.waitForClose()).code);
      }
      await expectAlive(server());
      return (await residentBytes()) - before;
    };

    test("text: it is paused, or closed with 4413, and the server holds no more than may wait", async () => {
      expect(await grownBy(`"${"x".repeat(1_000_000)}"`)).toBeLessThan(160 * 1_048_576);
    });

    test("many small parts, which weigh more than their text: the same", async () => {
      expect(await grownBy(`[${"[],".repeat(340_000)}1]`)).toBeLessThan(256 * 1_048_576);
    });
  });

  describe("§9 limits: what waits for a client that does not read", () => {
    const server = serverFor(section, everyCodec);

    test("180 MB that are pushed to it do not grow the server, and it is closed as too slow", async () => {
      const clientId = fresh("deaf");
      const peer = await greetPeer(server(), `client-id=${clientId}&uid=${clientId}&codec=edn`);
      peer.stall();
      const asking = await greetPeer(server(), `client-id=${fresh("asks")}&codec=edn`);
      const residentBytes = async () => Number(/^\[(\d+) /.exec(await asking.ask('[[:test/memory] "m"]'))?.[1]);
      const before = await residentBytes();
      for (let i = 0; i < 200; i++) {
        expect(await asking.ask(`[[:test/flood {:uid "${clientId}" :bytes 900000}] "f"]`)).toBe('[nil "f"]');
      }
      await server().next(({ error }) => typeof error === "object" && error.code === "too-slow");
      expect((await residentBytes()) - before).toBeLessThan(96 * 1_048_576);
      await expectAlive(server());
    });
  });

  describe("§9 limits: what may wait, may wait", () => {
    const server = serverFor(section, everyCodec);

    test("900 events and 4.5 MB wait behind handlers that take their time, and none is lost", async () => {
      const clientId = fresh("waits");
      const peer = await greetPeer(server(), `client-id=${clientId}`);
      for (let i = 0; i < CONCURRENCY; i++) peer.send("[[:test/slow 400] nil]");
      const text = "x".repeat(5_000);
      for (let i = 0; i < 900; i++) peer.send(`[[:test/never "${text}"] nil]`);
      expect(await peer.ask('[[:test/echo 1] "end"]')).toBe('[1 "end"]');
      await server().next(lineOf("test/echo", clientId));
      expect(server().events().filter(lineOf("test/never", clientId))).toHaveLength(900);
    });

    test("3,000 small events at once are all handled", async () => {
      const clientId = fresh("burst");
      const peer = await greetPeer(server(), `client-id=${clientId}`);
      for (let i = 0; i < 3_000; i++) peer.send("[[:test/never] nil]");
      expect(await peer.ask('[[:test/echo 1] "end"]')).toBe('[1 "end"]');
      await server().next(lineOf("test/echo", clientId));
      expect(server().events().filter(lineOf("test/never", clientId))).toHaveLength(3_000);
    });

    test("a flooder in a room costs the flooder: the others there stay, and are served", async () => {
      const people = await Promise.all([1, 2].map(() => greetPeer(server(), `client-id=${fresh("guest")}&codec=edn`)));
      const eve = await greetPeer(server(), `client-id=${fresh("eve")}&codec=edn`);
      const text = "x".repeat(2_000);
      for (let i = 0; i < 4_000; i++) eve.send(`[[:test/broadcast "${text}"] nil]`);
      for (const [i, person] of people.entries()) {
        person.send(`[[:test/echo ${i}] "here"]`);
        expect(await person.textWhere((seen) => seen.endsWith('"here"]'))).toBe(`[${i} "here"]`);
      }
      eve.send('[[:test/echo 1] "end"]');
      await Promise.race([eve.textWhere((seen) => seen.endsWith('"end"]')).catch(() => {}), eve.waitForClose()]);
      for (const [i, person] of people.entries()) {
        person.send(`[[:test/echo ${i}] "still"]`);
        expect(await person.textWhere((seen) => seen.endsWith('"still"]'))).toBe(`[${i} "still"]`);
      }
      eve.terminate();
      await expectAlive(server());
    });

    test("nor does it cost those who take less than it sends: it is handled as they take it, or closed with 4413", async () => {
      const people = await Promise.all([1, 2].map(() => greetPeer(server(), `client-id=${fresh("slow")}&codec=edn`)));
      const eve = await greetPeer(server(), `client-id=${fresh("eve")}&codec=edn`);
      const isOver = Promise.race([
        eve.textWhere((seen) => seen.endsWith('"end"]')).catch(() => {}),
        eve.waitForClose(),
      ]);
      const text = "x".repeat(20_000);
      for (const person of people) person.readSlowly();
      for (let i = 0; i < 1_500; i++) eve.send(`[[:test/broadcast "${text}"] nil]`);
      eve.send('[[:test/echo 1] "end"]');
      await isOver;
      for (const [i, person] of people.entries()) {
        person.send(`[[:test/echo ${i}] "still"]`);
        expect(await person.textWhere((seen) => seen.endsWith('"still"]'))).toBe(`[${i} "still"]`);
      }
      eve.terminate();
    });
  });

  describe("§9 limits: what all peers together make a server hold", () => {
    const TOTAL_BYTES = 6_000_000;
    const server = serverFor(section, { ...everyCodec, options: { maxReceivedTotalBytes: TOTAL_BYTES } });

    test("many that send while handlers wait: the largest pay, and the innocent and the process live", async () => {
      const innocent = await greetPeer(server(), `client-id=${fresh("innocent")}&codec=edn`);
      const text = "x".repeat(20_000);
      const hogs = await Promise.all(
        Array.from({ length: 8 }, () => greetPeer(server(), `client-id=${fresh("hog")}&codec=edn`)),
      );
      const told = server().next((line) => {
        const { code } = typeof line.error === "object" ? line.error : {};
        return code === "events-dropped" || code === "receiver-full";
      });
      for (const hog of hogs) for (let i = 0; i < 100; i++) hog.send(`[[:test/slow ["${text}" 600]] nil]`);
      await told;
      expect(await innocent.ask('[[:test/echo 1] "in"]')).toBe('[1 "in"]');
      expect(await innocent.ask('[[:test/echo 2] "again"]')).toBe('[2 "again"]');
      await expectAlive(server());
    });
  });
}
