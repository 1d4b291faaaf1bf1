import { describe, expect } from "vitest";
import type { RunningServer } from "../../targets/target.ts";
import { everyCodec, fresh, greetPeer, type ServerSection, serverFor, sharedServer } from "./section.ts";

/** The uidport events of a user, in order: "open", "close". */
function uidports(server: RunningServer, uid: string): readonly string[] {
  return server
    .events()
    .filter((line) => line.uid === uid && line.event?.[0].startsWith("chsk/uidport-"))
    .map((line) => String(line.event?.[0].slice("chsk/uidport-".length)));
}

export function presenceTests(section: ServerSection): void {
  const { test } = section;

  describe("§9 presence", () => {
    const server = serverFor(section, { ...everyCodec, options: { presenceGraceMs: 200 } });
    const slow = sharedServer(section);
    const isGone =
      (uid: string) => (line: { readonly event?: readonly [string, unknown?]; readonly uid?: string | null }) =>
        line.uid === uid && line.event?.[0] === "chsk/uidport-close";

    test("a user arrives with the first connection and leaves after the last", async () => {
      const uid = fresh("u");
      const one = await greetPeer(server(), `client-id=${fresh("c")}&uid=${uid}`);
      const two = await greetPeer(server(), `client-id=${fresh("c")}&uid=${uid}`);
      await one.close();
      expect(await two.ask('[[:test/echo 1] "still"]')).toBe('[1 "still"]');
      await two.close();
      await server().next(isGone(uid));
      expect(uidports(server(), uid)).toEqual(["open", "close"]);
    });

    test("uidport-open and client-open come before the connection's own events", async () => {
      const uid = fresh("u");
      const peer = await greetPeer(server(), `client-id=${fresh("c")}&uid=${uid}`);
      await peer.ask('[[:test/echo 1] "e"]');
      await server().next((line) => line.uid === uid && line.event?.[0] === "test/echo");
      const ids = server()
        .events()
        .filter((line) => line.uid === uid)
        .map((line) => line.event?.[0]);
      expect(ids).toEqual(["chsk/uidport-open", "chsk/client-open", "test/echo"]);
    });

    test("a user who comes again within the grace has not left", async () => {
      const uid = fresh("u");
      const query = `client-id=${fresh("c")}&uid=${uid}`;
      for (let i = 0; i < 4; i++) {
        const peer = await greetPeer(server(), query);
        if (i % 2 === 0) await peer.close();
        else peer.terminate();
      }
      await server().next(isGone(uid));
      expect(uidports(server(), uid)).toEqual(["open", "close"]);
    });

    test("an older connection of the same client id that goes takes nobody along", async () => {
      const uid = fresh("u");
      const query = `client-id=${fresh("c")}&uid=${uid}`;
      const older = await greetPeer(server(), query);
      const newer = await greetPeer(server(), query);
      await older.close();
      expect(await newer.ask('[[:test/echo 1] "still"]')).toBe('[1 "still"]');
      await newer.close();
      await server().next(isGone(uid));
      expect(uidports(server(), uid)).toEqual(["open", "close"]);
    });

    test("a user who left and comes back arrives anew", async () => {
      const uid = fresh("u");
      const query = `client-id=${fresh("c")}&uid=${uid}`;
      await (await greetPeer(server(), query)).close();
      await server().next(isGone(uid));
      const peer = await greetPeer(server(), query);
      await peer.ask('[[:test/echo 1] "e"]');
      await server().next((line) => line.uid === uid && line.event?.[0] === "test/echo");
      expect(uidports(server(), uid)).toEqual(["open", "close", "open"]);
    });

    test("connected uids are those who are here, and those within the grace", async () => {
      const [a, b] = [fresh("here"), fresh("leaving")];
      const here = await greetPeer(slow(), `client-id=${fresh("c")}&uid=${a}`);
      const leaving = await greetPeer(slow(), `client-id=${fresh("c")}&uid=${b}`);
      await leaving.close();
      const answer = await here.ask('[[:test/uids] "u1"]');
      expect(answer).toContain(`"${a}"`);
      expect(answer).toContain(`"${b}"`);
      expect(answer).toMatch(/^\[\[("[^"]+" ?)+\] "u1"\]$/);
    });

    test("connected uids no longer hold who has left", async () => {
      const uid = fresh("left");
      await (await greetPeer(server(), `client-id=${fresh("c")}&uid=${uid}`)).close();
      await server().next(isGone(uid));
      const watcher = await greetPeer(server(), `client-id=${fresh("c")}`);
      expect(await watcher.ask('[[:test/uids] "u1"]')).not.toContain(uid);
    });

    test("by default the grace is two and a half seconds", async () => {
      const uid = fresh("u");
      const peer = await greetPeer(slow(), `client-id=${fresh("c")}&uid=${uid}`);
      await peer.close();
      const closedAt = performance.now();
      await slow().next(isGone(uid));
      const graceMs = performance.now() - closedAt;
      expect(graceMs).toBeGreaterThan(2_300);
      expect(graceMs).toBeLessThan(4_500);
    });
  });
}
