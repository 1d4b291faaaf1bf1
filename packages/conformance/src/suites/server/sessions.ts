import { describe, expect } from "vitest";
import { type RawPeer, refusalOf } from "../../raw/raw-peer.ts";
import type { RunningServer } from "../../targets/target.ts";
import {
  connectPeer,
  everyCodec,
  fresh,
  greetPeer,
  lineOf,
  type ServerSection,
  serverFor,
  sharedServer,
} from "./section.ts";

/** A peer that says that it is ours, and the session that it was given. */
interface Own {
  readonly peer: RawPeer;
  readonly session: string;
  /** The handshake. */
  readonly greeting: string;
}

const sessionIn = (greeting: string): string => /:session "([^"]+)"/.exec(greeting)?.[1] ?? "none";

/** Connects as a client of ours does. `more` overrides and adds query parameters. */
async function connectOwn(
  server: RunningServer,
  query: string,
  named?: { readonly session: string; readonly received: number },
  headers: Readonly<Record<string, string>> = {},
): Promise<Own> {
  const protocols = named === undefined ? [] : ["sente-lite", `session.${named.session}.${named.received}`];
  const peer = await connectPeer(server, `${query}&sente-lite=1&codec=edn`, { protocols, headers });
  const greeting = await peer.text();
  return { peer, greeting, session: sessionIn(greeting) };
}

/** A peer of ours that has confirmed its session. */
async function connectConfirmed(server: RunningServer, query: string): Promise<Own> {
  const one = await connectOwn(server, `${query}&attempt=1`);
  one.peer.send("[[:chsk/ack 0] nil]");
  return one;
}

const isPush = (text: string) => text.startsWith("[[[:test/");

export function sessionTests(section: ServerSection): void {
  const { test } = section;

  describe("§6 sessions", () => {
    const server = sharedServer(section);
    const quick = serverFor(section, { ...everyCodec, options: { sessionWindowMs: 1, presenceGraceMs: 60 } });
    const crowded = serverFor(section, { ...everyCodec, options: { maxAwaySessions: 4 } });
    const bound = serverFor(section, { ...everyCodec, options: { bindSession: ["address-family"], trustProxy: 1 } });
    const small = serverFor(section, { ...everyCodec, options: { maxQueuedFrames: 4 } });

    test("the handshake has a fourth element, and a client confirms it with an ack of nothing", async () => {
      const id = fresh("s");
      const { peer, greeting } = await connectConfirmed(server(), `client-id=${id}`);
      expect(greeting).toMatch(
        new RegExp(
          `^\\[\\[:chsk/handshake \\["${id}" nil \\{.*\\} \\{:session "[\\w-]{16,}", :resumed\\? false, :received 0, ` +
            ":max-frame 1048576, :ack \\{:frames 64, :bytes 65536\\}\\}\\]\\] nil\\]$",
        ),
      );
      expect(peer.protocol).toBe("");
      expect(await peer.ask('[[:test/echo 1] "r1"]')).toBe('[1 "r1"]');
    });

    test("a cut connection is resumed: what was not taken over comes again, in order, and nothing else", async () => {
      const id = fresh("s");
      const { peer, session } = await connectConfirmed(server(), `client-id=${id}`);
      for (let n = 1; n <= 3; n++) {
        expect(await peer.ask(`[[:test/push-me ${n}] nil]`)).toBe(`[[[:test/pushed ${n}]] nil]`);
      }
      peer.terminate();
      // Two of the three had arrived, as this peer counts.
      const again = await connectOwn(server(), `client-id=${id}&attempt=2`, { session, received: 2 });
      expect(again.peer.protocol).toBe("sente-lite");
      expect(again.greeting).toContain(`:session "${session}", :resumed? true, :received 3,`);
      again.peer.send("[[:chsk/ack 2] nil]");
      expect(await again.peer.ask('[[:test/echo :after] "r1"]')).toBe("[[[:test/pushed 3]] nil]");
      expect(await again.peer.text()).toBe('[:after "r1"]');
    });

    test("what is pushed while nobody is connected comes with the next connection", async () => {
      const id = fresh("s");
      const { peer, session } = await connectConfirmed(server(), `client-id=${id}`);
      const other = await greetPeer(server(), `client-id=${fresh("o")}`);
      peer.terminate();
      for (let n = 1; n <= 2; n++)
        expect(await other.ask(`[[:test/to {:uid "${id}" :x ${n}}] "t${n}"]`)).toBe(`[nil "t${n}"]`);
      const again = await connectOwn(server(), `client-id=${id}&attempt=2`, { session, received: 0 });
      // In one frame, where the server learned of the end before they were written.
      const came = [await again.peer.text()];
      if (!came[0]?.includes(":test/direct 2")) came.push(await again.peer.text());
      expect([
        ["[[[:test/direct 1]] nil]", "[[[:test/direct 2]] nil]"],
        ["[[[:test/direct 1] [:test/direct 2]] nil]"],
      ]).toContainEqual(came);
    });

    test("a reply that is made while nobody is connected comes with the next connection", async () => {
      const id = fresh("s");
      const { peer, session } = await connectConfirmed(server(), `client-id=${id}`);
      peer.send('[[:test/slow 100] "r1"]');
      await server().next(lineOf("test/slow", id));
      peer.terminate();
      const again = await connectOwn(server(), `client-id=${id}&attempt=2`, { session, received: 0 });
      expect(again.greeting).toContain(":received 1,");
      expect(await again.peer.text()).toBe('["slow" "r1"]');
    });

    test("a new connection takes over from one whose end was not noticed, which is closed with 4409", async () => {
      const id = fresh("s");
      const { peer, session } = await connectConfirmed(server(), `client-id=${id}`);
      const again = await connectOwn(server(), `client-id=${id}&attempt=2`, { session, received: 0 });
      expect(again.greeting).toContain(":resumed? true");
      expect((await peer.waitForClose()).code).toBe(4409);
      expect(await again.peer.ask('[[:test/echo 1] "r1"]')).toBe('[1 "r1"]');
    });

    test("acks come after 64 frames, after 64 KiB, and after 2 s at the latest", async () => {
      const { peer } = await connectConfirmed(server(), `client-id=${fresh("s")}`);
      const large = await connectConfirmed(server(), `client-id=${fresh("s")}`);
      large.peer.send(`[[:test/count "${"x".repeat(65_536)}"] nil]`);
      expect(await large.peer.text()).toBe("[[:chsk/ack 1] nil]");
      for (let n = 0; n < 64; n++) peer.send("[[:test/count] nil]");
      expect(await peer.text()).toBe("[[:chsk/ack 64] nil]");
      const sent = Date.now();
      peer.send("[[:test/count] nil]");
      expect(await peer.text()).toBe("[[:chsk/ack 65] nil]");
      expect(Date.now() - sent).toBeGreaterThan(1_500);
    });

    test("control frames are not counted, and what is no event and what does not decode is", async () => {
      const id = fresh("s");
      const { peer, session } = await connectConfirmed(server(), `client-id=${id}`);
      peer.send('[[:chsk/ws-ping] "p1"]');
      peer.send("[[:chsk/ws-pong] nil]");
      peer.send("[:no-namespace]");
      peer.send("#<");
      expect((await peer.waitForClose()).code).toBe(4400);
      const again = await connectOwn(server(), `client-id=${id}&attempt=2`, { session, received: 0 });
      expect(again.greeting).toContain(":resumed? true, :received 2,");
    });

    test("a pong under a cb-id that is not a ping's of ours is counted, and comes again", async () => {
      const id = fresh("s");
      const { peer, session } = await connectConfirmed(server(), `client-id=${id}`);
      expect(await peer.ask('[[:chsk/ws-ping] "mine"]')).toBe('["pong" "mine"]');
      peer.terminate();
      const again = await connectOwn(server(), `client-id=${id}&attempt=2`, { session, received: 0 });
      expect(await again.peer.text()).toBe('["pong" "mine"]');
    });

    for (const ack of ["1", "-1", "0.5", '"0"', "nil", "99999999999999999999"]) {
      test(`an ack of frames that were never sent ends the session with 4400: ${ack}`, async () => {
        const id = fresh("s");
        const { peer, session } = await connectConfirmed(server(), `client-id=${id}`);
        peer.send(`[[:chsk/ack ${ack}] nil]`);
        expect((await peer.waitForClose()).code).toBe(4400);
        const again = await connectOwn(server(), `client-id=${id}&attempt=2`, { session, received: 0 });
        expect(again.greeting).toContain(":resumed? false");
      });
    }

    test("an ack below an earlier one ends the session with 4400", async () => {
      const id = fresh("s");
      const { peer, session } = await connectConfirmed(server(), `client-id=${id}`);
      await peer.ask("[[:test/push-me 1] nil]");
      await peer.ask("[[:test/push-me 2] nil]");
      peer.send("[[:chsk/ack 2] nil]");
      peer.send("[[:chsk/ack 1] nil]");
      expect((await peer.waitForClose()).code).toBe(4400);
      const again = await connectOwn(server(), `client-id=${id}&attempt=2`, { session, received: 2 });
      expect(again.greeting).toContain(":resumed? false");
    });

    test("a client that the application disconnects has no session to come back to", async () => {
      const id = fresh("s");
      const { peer, session } = await connectConfirmed(server(), `client-id=${id}`);
      peer.send("[[:test/close 4401] nil]");
      expect((await peer.waitForClose()).code).toBe(4401);
      const again = await connectOwn(server(), `client-id=${id}&attempt=2`, { session, received: 0 });
      expect(again.greeting).toContain(":resumed? false");
    });

    test("an attempt that is not above the last is refused with 409, and touches nothing", async () => {
      const id = fresh("s");
      const { peer, session } = await connectConfirmed(server(), `client-id=${id}`);
      const protocols = ["sente-lite", `session.${session}.0`];
      const query = `client-id=${id}&sente-lite=1&codec=edn&attempt=1`;
      expect((await refusalOf(`${server().url}?${query}`, { protocols })).status).toBe(409);
      expect(await peer.ask('[[:test/echo 1] "r1"]')).toBe('[1 "r1"]');
    });

    test("a count of frames that were never sent resumes nothing: a new session begins, the named one ends", async () => {
      const id = fresh("s");
      const { peer, session } = await connectConfirmed(server(), `client-id=${id}`);
      const again = await connectOwn(server(), `client-id=${id}&attempt=2`, { session, received: 5 });
      expect(again.greeting).toContain(":resumed? false, :received 0,");
      expect(again.session).not.toBe(session);
      expect((await peer.waitForClose()).code).toBe(4409);
    });

    for (const [what, query] of [
      ["another user", (id: string) => `client-id=${id}&uid=mallory`],
      ["nobody", (id: string) => `client-id=${id}&anonymous=1`],
      ["another client id", (id: string) => `client-id=other&uid=${id}`],
    ] as const) {
      test(`a session that is named under ${what} is neither resumed nor ended, whatever the attempt and the count`, async () => {
        const id = fresh("s");
        const { peer, session } = await connectConfirmed(server(), `client-id=${id}&uid=${id}`);
        for (const received of [0, 5]) {
          const other = await connectOwn(server(), `${query(id)}&attempt=9007199254740991`, { session, received });
          expect(other.greeting).toContain(":resumed? false, :received 0,");
          expect(other.session).not.toBe(session);
        }
        expect(await peer.ask('[[:test/echo 1] "r1"]')).toBe('[1 "r1"]');
        peer.terminate();
        const back = await connectOwn(server(), `client-id=${id}&uid=${id}&attempt=2`, { session, received: 1 });
        expect(back.greeting).toContain(`:session "${session}", :resumed? true`);
      });
    }

    for (const [what, query] of [
      ["that user", (id: string) => `client-id=${id}`],
      ["nobody in particular", (id: string) => `client-id=${id}&anonymous=1`],
    ] as const) {
      test(`a client is let in whatever attempt a silent stranger made with its client id, as ${what}`, async () => {
        const id = fresh("victim");
        const stranger = await connectOwn(server(), `${query(id)}&attempt=9007199254740991`);
        const victim = await connectOwn(server(), `${query(id)}&attempt=1&client-instance=a`);
        expect(victim.greeting).toContain(":resumed? false");
        // Before it has confirmed its session, too.
        await connectOwn(server(), `${query(id)}&attempt=9007199254740991`);
        await connectOwn(server(), `${query(id)}&attempt=9007199254740991&client-instance=b`);
        victim.peer.send("[[:chsk/ack 0] nil]");
        expect(await victim.peer.ask('[[:test/echo 1] "r1"]')).toBe('[1 "r1"]');
        stranger.peer.terminate();
        victim.peer.terminate();
        const back = await connectOwn(server(), `${query(id)}&attempt=2&client-instance=a`, {
          session: victim.session,
          received: 1,
        });
        expect(back.greeting).toContain(":resumed? true");
      });
    }

    test("silent strangers that come and go end their own sessions, never one that was confirmed", async () => {
      const id = fresh("ann");
      const { peer, session } = await connectConfirmed(crowded(), `client-id=${id}&uid=${id}`);
      expect(await peer.ask('[[:test/echo 1] "r1"]')).toBe('[1 "r1"]');
      peer.terminate();
      for (let i = 0; i < 12; i++) {
        const stranger = await connectOwn(crowded(), `client-id=${fresh("m")}&uid=mallory&attempt=1`);
        stranger.peer.terminate();
      }
      const back = await connectOwn(crowded(), `client-id=${id}&uid=${id}&attempt=2`, { session, received: 1 });
      expect(back.greeting).toContain(":resumed? true");
    });

    test("a user with more sessions than may be away ends their own", async () => {
      const id = fresh("ann");
      const { peer, session } = await connectConfirmed(crowded(), `client-id=${id}&uid=${id}`);
      expect(await peer.ask('[[:test/echo 1] "r1"]')).toBe('[1 "r1"]');
      peer.terminate();
      for (let i = 0; i < 12; i++) {
        const other = await connectConfirmed(crowded(), `client-id=${fresh("m")}&uid=mallory`);
        expect(await other.peer.ask('[[:test/echo 1] "r1"]')).toBe('[1 "r1"]');
        other.peer.terminate();
      }
      const back = await connectOwn(crowded(), `client-id=${id}&uid=${id}&attempt=2`, { session, received: 1 });
      expect(back.greeting).toContain(":resumed? true");
    });

    test("another codec resumes nothing", async () => {
      const id = fresh("s");
      const { session } = await connectConfirmed(server(), `client-id=${id}`);
      const peer = await connectPeer(server(), `client-id=${id}&sente-lite=1&codec=json&attempt=2`, {
        protocols: ["sente-lite", `session.${session}.0`],
      });
      expect(await peer.text()).toContain('"resumed?":false');
    });

    test("one that is bound to a family of addresses goes on with an address of that, and not of the other", async () => {
      const id = fresh("s");
      const comes = (attempt: number, address: string, session?: string) => {
        const named = session === undefined ? undefined : { session, received: 0 };
        return connectOwn(bound(), `client-id=${id}&attempt=${attempt}`, named, { "x-forwarded-for": address });
      };
      const first = await comes(1, "192.0.2.1");
      first.peer.send("[[:chsk/ack 0] nil]");
      expect(await first.peer.ask('[[:test/echo 1] "r1"]')).toBe('[1 "r1"]');
      const other = await comes(2, "2001:db8::1", first.session);
      expect(other.greeting).toContain(":resumed? false");
      expect(other.session).not.toBe(first.session);
      const same = await comes(2, "198.51.100.7", first.session);
      expect(same.greeting).toContain(`:session "${first.session}", :resumed? true`);
    });

    for (const made of ["made-up", "__proto__", "constructor", "0", "x".repeat(64)]) {
      test(`a session id that was made up gets a new session: ${made.slice(0, 12)}`, async () => {
        const { greeting } = await connectOwn(server(), `client-id=${fresh("s")}&attempt=2`, {
          session: made,
          received: 0,
        });
        expect(greeting).toContain(":resumed? false");
      });
    }

    test("a session that its client never confirmed ends when the client begins another: 1012", async () => {
      const id = fresh("s");
      const first = await connectOwn(server(), `client-id=${id}&attempt=1&client-instance=a`);
      const second = await connectOwn(server(), `client-id=${id}&attempt=2&client-instance=a`);
      expect((await first.peer.waitForClose()).code).toBe(1012);
      expect(second.session).not.toBe(first.session);
    });

    test("an attempt below that of its client's unconfirmed session is refused with 409", async () => {
      const id = fresh("s");
      const { peer } = await connectOwn(server(), `client-id=${id}&attempt=2&client-instance=a`);
      const query = `client-id=${id}&sente-lite=1&codec=edn&attempt=1&client-instance=a`;
      expect((await refusalOf(`${server().url}?${query}`)).status).toBe(409);
      peer.send("[[:chsk/ack 0] nil]");
      expect(await peer.ask('[[:test/echo 1] "r1"]')).toBe('[1 "r1"]');
    });

    test("one that was confirmed goes on beside another of the same client id", async () => {
      const id = fresh("s");
      const { peer } = await connectConfirmed(server(), `client-id=${id}`);
      // Read by now: its answer is there.
      await peer.ask('[[:test/echo 1] "r1"]');
      const second = await connectOwn(server(), `client-id=${id}&attempt=1`);
      second.peer.send("[[:chsk/ack 0] nil]");
      second.peer.send("[[:test/push-me :both] nil]");
      for (const one of [peer, second.peer]) expect(await one.textWhere(isPush)).toBe("[[[:test/pushed :both]] nil]");
    });

    for (const [code, resumed] of [
      [1000, false],
      [1001, false],
      [4000, true],
      [4408, true],
    ] as const) {
      test(`a client that closes with ${code} ${resumed ? "keeps" : "ends"} its session`, async () => {
        const id = fresh("s");
        const { peer, session } = await connectConfirmed(server(), `client-id=${id}`);
        await peer.ask('[[:test/echo 1] "r1"]');
        await peer.close(code);
        const again = await connectOwn(server(), `client-id=${id}&attempt=2`, { session, received: 1 });
        expect(again.greeting).toContain(`:resumed? ${resumed}`);
      });
    }

    test("a session whose client does not come back in time is over", async () => {
      const id = fresh("s");
      const { peer, session } = await connectConfirmed(quick(), `client-id=${id}`);
      await peer.ask('[[:test/echo 1] "r1"]');
      peer.terminate();
      await quick().next(lineOf("chsk/uidport-close", id));
      const again = await connectOwn(quick(), `client-id=${id}&attempt=2`, { session, received: 1 });
      expect(again.greeting).toContain(":resumed? false");
    });

    test("a client that acknowledges nothing can still resume within the bound, and not below it", async () => {
      const id = fresh("s");
      const { peer, session } = await connectConfirmed(small(), `client-id=${id}`);
      for (let n = 1; n <= 6; n++) expect(await peer.ask(`[[:test/echo ${n}] "r${n}"]`)).toBe(`[${n} "r${n}"]`);
      peer.terminate();
      const within = await connectOwn(small(), `client-id=${id}&attempt=2`, { session, received: 3 });
      expect(within.greeting).toContain(":resumed? true");
      expect(await within.peer.texts(3)).toEqual(['[4 "r4"]', '[5 "r5"]', '[6 "r6"]']);
      const below = await connectOwn(small(), `client-id=${id}&attempt=3`, { session, received: 1 });
      expect(below.greeting).toContain(":resumed? false");
    });

    test("a peer of Sente's sees nothing of it: its ack is a bad event, and it names no session", async () => {
      const peer = await greetPeer(server(), `client-id=${fresh("sente")}&codec=edn`, {
        protocols: ["sente-lite", "session.abc.0"],
      });
      peer.send("[[:chsk/ack 0] nil]");
      for (let n = 0; n < 70; n++) peer.send("[[:test/count] nil]");
      expect(await peer.ask('[[:test/echo 1] "r1"]')).toBe('[1 "r1"]');
    });
  });
}
