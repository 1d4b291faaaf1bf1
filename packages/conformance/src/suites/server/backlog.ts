import { describe, expect } from "vitest";
import { everyCodec, expectAlive, fresh, greeted, type ServerSection, serverFor } from "./section.ts";

/** So many events the fixture works on at a time; the others wait. */
const CONCURRENCY = 1_000;

export function backlogTests(section: ServerSection): void {
  const { target, test } = section;

  describe("§9 limits: events that pile up", () => {
    const server = serverFor(section, { ...everyCodec, options: { maxReceived: 200 } });

    test("a peer that sends more than is worked on is read no further until there is room, or closed with 4413", async () => {
      const peer = await greeted(server(), `client-id=${fresh("eager")}`);
      for (let i = 0; i < CONCURRENCY; i++) peer.send("[[:test/slow 400] nil]");
      const padded = `[[:test/never "${"x".repeat(5_000)}"] nil]`;
      for (let i = 0; i < 1_000; i++) peer.send(padded);
      if (target.capabilities.pausesReading) expect(await peer.ask('[[:test/echo 1] "end"]')).toBe('[1 "end"]');
      else {
        const codes = target.capabilities.resetsUnread ? [4413, 1006] : [4413];
        expect(codes).toContain((await peer.closed()).code);
      }
      await expectAlive(server());
    });
  });
}
