import { describe, expect } from "vitest";
import { connectPeer, everyCodec, fresh, greetPeer, lineOf, type ServerSection, serverFor } from "./section.ts";

const OURS = "codec=edn&sente-lite=1&client-instance=i&features=sessions.close-refusals.refusal-reasons.refresh";
/** Half of it is for the answer. */
const SHORT = "loginMs=2000";
const isAsked = (text: string) => text === "[[:chsk/refresh] nil]";
const answer = (...params: readonly (readonly [string, string])[]) =>
  `[[:chsk/refresh [${params.map(([name, value]) => `["${name}" "${value}"]`).join(" ")}]] nil]`;

export function loginTests(section: ServerSection): void {
  const { test } = section;

  describe("§1.9 the end of a login", () => {
    const server = serverFor(section, everyCodec);
    const greet = async (query: string) => {
      const peer = await greetPeer(server(), query);
      peer.send("[[:chsk/ack 0] nil]");
      return peer;
    };
    const asked = async (more = "") => {
      const id = fresh("l");
      const peer = await greet(`client-id=${id}&attempt=1&${OURS}&${SHORT}&uid=${id}${more}`);
      expect(await peer.textWhere(isAsked)).toBe("[[:chsk/refresh] nil]");
      return { id, peer };
    };

    test("login: is renewed in band; the other parameters stay, and the protocol's own cannot be changed", async () => {
      const { id, peer } = await asked("&x=old");
      peer.send(answer(["loginMs", "600000"], ["x", "new"], ["client-id", "victim"]));
      let told = "";
      while (!told.includes('"new"')) told = await peer.ask('[[:test/request] "r1"]');
      expect(await peer.ask('[[:test/whoami] "r2"]')).toBe(`[{:uid "${id}", :client-id "${id}"} "r2"]`);
      // Longer than what was left of it.
      expect(await peer.ask('[[:test/slow 1100] "r3"]')).toBe('["slow" "r3"]');
    });

    test("login: one that is refused, or of another user, ends connection and session", async () => {
      const cases = [
        { params: ["unauthorized", "1"], closing: { code: 4401, reason: "Unauthorized" } },
        {
          params: ["uid", "somebody-else"],
          closing: { code: 4403, reason: '{"code":"other-uid","message":"the new login is of another user"}' },
        },
      ] as const;
      const ends = cases.map(async ({ params, closing }) => {
        const { id, peer } = await asked();
        peer.send(answer(params));
        expect(await peer.waitForClose()).toEqual(closing);
        await server().next(lineOf("chsk/client-close", id));
      });
      await Promise.all(ends);
    });

    test("login: an answer that nobody asked for, a second one, and one of another shape are bad events", async () => {
      const id = fresh("l");
      const peer = await greet(`client-id=${id}&attempt=1&${OURS}`);
      for (const params of ["[]", '[["token" "x"]]', "nil", "{}", "[[1 2]]", '[["a"]]', '"abc"']) {
        peer.send(`[[:chsk/refresh ${params}] nil]`);
        await server().next(lineOf("chsk/bad-event", id));
      }
      const sente = await greetPeer(server(), `client-id=${id}&codec=edn`);
      sente.send("[[:chsk/refresh []] nil]");
      await server().next(lineOf("chsk/bad-event", id));
      expect(await peer.ask('[[:test/echo 1] "r1"]')).toBe('[1 "r1"]');
    });

    test("login: at its end the application is told, the connection is closed, and the session waits", async () => {
      const id = fresh("l");
      const first = await connectPeer(server(), `client-id=${id}&attempt=1&${OURS}&loginMs=300`);
      const session = /:session "([^"]+)"/.exec(await first.text())?.[1] ?? "";
      first.send("[[:chsk/ack 0] nil]");
      expect(await first.waitForClose()).toEqual({ code: 4401, reason: '{"code":"login-expired"}' });
      await server().next(lineOf("chsk/login-expired", id));
      const protocols = ["sente-lite", `session.${session}.0`];
      const again = await connectPeer(server(), `client-id=${id}&attempt=2&${OURS}`, { protocols });
      expect(await again.text()).toContain(":resumed? true");
    });

    test("login: peers without the feature are closed at its end, and hear nothing of it before", async () => {
      const older = "codec=edn&sente-lite=1&attempt=1&features=sessions";
      const ofSente = `client-id=${fresh("l")}&codec=edn`;
      const ofOurs = `client-id=${fresh("l")}&${older}`;
      const bare = "codec=edn&sente-lite=1&features=refresh";
      const ends = [ofSente, ofOurs, bare].map(async (query) => {
        const peer = await connectPeer(server(), `${query}&loginMs=300`);
        const { code } = await peer.waitForClose();
        return [code, peer.received.filter((text) => !text.includes("chsk/handshake"))];
      });
      expect(await Promise.all(ends)).toEqual(ends.map(() => [4401, []]));
    });

    test("login: one that has ended already is refused", async () => {
      const peer = await connectPeer(server(), `client-id=${fresh("l")}&attempt=1&${OURS}&loginMs=-1`);
      expect(await peer.waitForClose()).toEqual({
        code: 4401,
        reason: '{"code":"login-expired","message":"the login has ended"}',
      });
    });
  });
}
