import { describe, expect } from "vitest";
import { type ClientSection, errorWith, isOpen, stageClient, until, withId } from "./section.ts";

const handshake = (resumed: boolean, features = '["sessions" "refresh"]') =>
  `[[:chsk/handshake ["u1" nil nil {:session "s1" :resumed? ${resumed} :received 0 :max-frame 1048576 :ack {:frames 64 :bytes 65536} :features ${features}}]] nil]`;
const EXPIRED = '{"code":"login-expired"}';

export function loginTests(section: ClientSection): void {
  const { test } = section;

  describe("§1.9 the end of a login", () => {
    const setUp = async (features?: string) => {
      let asked = 0;
      const params = () => {
        asked++;
        if (asked === 3) throw new Error("no token");
        return Promise.resolve({ token: `t${asked}`, n: asked as unknown as string });
      };
      const played = await stageClient(section, { params });
      const connection = await played.stage.attempt();
      connection.accept();
      connection.send(handshake(false, features));
      expect(await connection.frame()).toBe("[[:chsk/ack 0] nil]");
      return { ...played, connection };
    };

    test("login: asked for a new one, a client sends what its params function gives then, uncounted", async () => {
      const { client, stage, errors, connection } = await setUp();
      connection.send("[[:chsk/refresh] nil]");
      expect(await connection.frame()).toBe('[[:chsk/refresh [["token" "t2"] ["n" "2"]]] nil]');
      connection.send("[[:chsk/refresh] nil]");
      expect((await errors.next(({ error }) => error.message === "no token")).context.source).toBe("refresh");
      client.chsk.breakConnection();
      const again = await stage.attempt();
      expect(again.url.searchParams.get("token")).toBe("t4");
      expect(again.protocols).toContain("session.s1.0");
    });

    test("login: at its end the application is told, and the client comes again to its session with what it is given then", async () => {
      const { client, stage, messages, connection } = await setUp();
      connection.close(4401, EXPIRED);
      await messages.next(withId("chsk/login-expired"));
      const again = await stage.attempt();
      expect([again.url.searchParams.get("token"), again.url.searchParams.get("attempt")]).toEqual(["t2", "2"]);
      expect(again.protocols).toContain("session.s1.0");
      again.accept("sente-lite");
      again.send(handshake(true));
      expect((await until(client.state, isOpen)).resumed).toBe(true);
    });

    test("login: a 4401 before the handshake, or for another reason, is a refusal", async () => {
      const { client, stage, connection } = await setUp();
      connection.close(4401, '{"code":"unauthorized"}');
      await until(client.state, ({ status }) => status === "terminal");
      client.chsk.reconnect();
      const again = await stage.attempt();
      again.accept("sente-lite");
      again.close(4401, EXPIRED);
      const state = await until(client.state, ({ lastClose }) => lastClose?.refusal?.code === "login-expired");
      expect(state.status).toBe("terminal");
    });

    test("login: a server that did not name the feature cannot ask", async () => {
      const { errors, connection } = await setUp('["sessions"]');
      connection.send("[[:chsk/refresh] nil]");
      await errors.next(errorWith("bad-event"));
    });
  });
}
