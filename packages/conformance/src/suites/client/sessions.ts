import { SessionLostError } from "@sente-lite/protocol";
import { describe, expect } from "vitest";
import type { StageConnection } from "../../stage/stage.ts";
import {
  type ClientSection,
  cbIdOf,
  errorWith,
  eventsOf,
  isOpen,
  type Played,
  stageClient,
  until,
  withId,
} from "./section.ts";

interface Greeting {
  readonly session?: string;
  readonly resumed?: boolean;
  readonly received?: number;
  readonly maxFrame?: number;
  /** As EDN; absent from servers of before features had names. */
  readonly features?: string;
}

const handshake = ({
  session = "s1",
  resumed = false,
  received = 0,
  maxFrame = 1_048_576,
  features = "",
}: Greeting = {}) =>
  `[[:chsk/handshake ["u1" nil nil {:session "${session}" :resumed? ${resumed} :received ${received} :max-frame ${maxFrame} :ack {:frames 64 :bytes 65536}${features}}]] nil]`;

/** The next attempt, whatever it names, greeted so; resolves when its ack, the first frame, is there. */
async function greetWith({ stage }: Pick<Played, "stage">, greeting: Greeting, ack: number): Promise<StageConnection> {
  const connection = await stage.attempt();
  connection.accept(connection.protocols.includes("sente-lite") ? "sente-lite" : undefined);
  connection.send(handshake(greeting));
  expect(await connection.frame()).toBe(`[[:chsk/ack ${ack}] nil]`);
  return connection;
}

export function sessionTests(section: ClientSection): void {
  const { test } = section;

  describe("§6 sessions", () => {
    test("a session is confirmed by an ack, the first frame, and told in the state", async () => {
      const { client, stage } = await stageClient(section);
      client.sendFn(["test/early", 1]);
      const connection = await greetWith({ stage }, {}, 0);
      expect(await connection.frame()).toBe("[[:test/early 1] nil]");
      expect(client.state.get()).toMatchObject({ sessionId: "s1", resumed: false, sessionLost: false });
      expect(connection.protocols).toEqual([]);
    });

    for (const features of [' :features ["sessions" "tomorrow"]', " :features []", " :features 7"]) {
      test(`what a server says of features that this client does not know is ignored (§1.8):${features}`, async () => {
        const { client, stage, messages } = await stageClient(section);
        const connection = await greetWith({ stage }, { features }, 0);
        connection.send("[[[:test/pushed 1]] nil]");
        await messages.next(({ data }) => data === 1);
        client.sendFn(["test/sent", 1]);
        expect(await connection.frame()).toBe("[[:test/sent 1] nil]");
        expect(client.state.get()).toMatchObject({ sessionId: "s1" });
      });
    }

    test("after a cut the client names the session and what it took over, and sends what the server lacks", async () => {
      const { client, stage, messages, errors } = await stageClient(section);
      const first = await greetWith({ stage }, {}, 0);
      first.send("[[[:test/a 1] [:test/a 2]] nil]");
      first.send("[[[:test/a 3]] nil]");
      await messages.next(({ data }) => data === 3);
      for (const n of [1, 2, 3]) client.sendFn(["test/n", n]);
      await first.takeFrames(3);
      first.terminate();
      await until(client.state, (state) => !state.open);
      client.sendFn(["test/n", 4]);
      const attempt = await stage.attempt();
      expect(attempt.param("attempt")).toBe("2");
      expect(attempt.protocols).toEqual(["sente-lite", "session.s1.2"]);
      attempt.accept("sente-lite");
      attempt.send(handshake({ resumed: true, received: 1 }));
      expect(await attempt.takeFrames(4)).toEqual([
        "[[:chsk/ack 2] nil]",
        "[[:test/n 2] nil]",
        "[[:test/n 3] nil]",
        "[[:test/n 4] nil]",
      ]);
      expect(client.state.get()).toMatchObject({ resumed: true, sessionLost: false });
      expect(errors.all).toEqual([]);
    });

    test("a request outlives its connection, and is settled by the reply that comes with the next", async () => {
      const { client, stage } = await stageClient(section);
      const first = await greetWith({ stage }, {}, 0);
      const reply = client.requestFn(["test/ask", 1]);
      const cbId = cbIdOf(await first.frame());
      first.terminate();
      const second = await greetWith({ stage }, { resumed: true, received: 1 }, 0);
      second.send(`["done" "${cbId}"]`);
      expect(await reply).toBe("done");
    });

    test("acks go out after 64 frames, and control frames are not counted", async () => {
      const { stage } = await stageClient(section);
      const connection = await greetWith({ stage }, {}, 0);
      connection.send("[:chsk/ws-ping nil]");
      expect(await connection.frame()).toBe("[[:chsk/ws-pong] nil]");
      connection.send("[[:chsk/ack 0] nil]");
      for (let n = 1; n <= 64; n++) connection.send(`[[[:test/a ${n}]] nil]`);
      expect(await connection.frame()).toBe("[[:chsk/ack 64] nil]");
    });

    test("a session that is not resumed is lost, and said so: what is in doubt is reported, the rest is sent", async () => {
      const { client, stage, errors } = await stageClient(section);
      const first = await greetWith({ stage }, {}, 0);
      client.sendFn(["test/in-doubt", 1]);
      const asked = client.requestFn(["test/ask", 1]);
      const rejected = expect(asked).rejects.toMatchObject({ code: "closed" });
      await first.takeFrames(2);
      first.terminate();
      await until(client.state, (state) => !state.open);
      client.sendFn(["test/waiting", 2]);
      const second = await greetWith({ stage }, { session: "s2" }, 0);
      expect(await second.frame()).toBe("[[:test/waiting 2] nil]");
      await rejected;
      const { error } = await errors.next(errorWith("session-lost"));
      expect(error).toBeInstanceOf(SessionLostError);
      expect((error as SessionLostError).undelivered).toEqual([
        ["test/in-doubt", 1],
        ["test/ask", 1],
      ]);
      expect(client.state.get()).toMatchObject({ sessionId: "s2", resumed: false, sessionLost: true });
    });

    test("with onSessionLost: resend, what is in doubt is sent first of all", async () => {
      const { client, stage } = await stageClient(section, { onSessionLost: "resend" });
      const first = await greetWith({ stage }, {}, 0);
      client.sendFn(["test/in-doubt", 1]);
      await first.frame();
      first.terminate();
      await until(client.state, (state) => !state.open);
      client.sendFn(["test/waiting", 2]);
      const second = await greetWith({ stage }, { session: "s2" }, 0);
      expect(await second.takeFrames(2)).toEqual(["[[:test/in-doubt 1] nil]", "[[:test/waiting 2] nil]"]);
    });

    for (const [what, greeting] of [
      ["another session", { session: "s9", resumed: true }],
      ["a count of frames that were never sent", { resumed: true, received: 7 }],
    ] as const) {
      test(`${what} in a resume is refused with 4400, and the next attempt names none`, async () => {
        const { client, stage } = await stageClient(section);
        (await greetWith({ stage }, {}, 0)).terminate();
        const second = await stage.attempt();
        second.accept("sente-lite");
        second.send(handshake(greeting));
        expect((await second.waitForClose()).code).toBe(4400);
        const third = await stage.attempt();
        expect(third.protocols).toEqual([]);
        third.accept();
        third.send(handshake({ session: "s3" }));
        await third.frame();
        await until(client.state, isOpen);
        expect(client.state.get()).toMatchObject({ sessionId: "s3", sessionLost: true });
      });
    }

    test("an ack of frames that were never sent is refused with 4400, and loses the session", async () => {
      const { client, stage } = await stageClient(section);
      const first = await greetWith({ stage }, {}, 0);
      first.send("[[:chsk/ack 3] nil]");
      expect((await first.waitForClose()).code).toBe(4400);
      const second = await stage.attempt();
      expect(second.protocols).toEqual([]);
      second.accept();
      second.send(handshake({ session: "s2" }));
      await second.frame();
      await until(client.state, isOpen);
      expect(client.state.get().sessionLost).toBe(true);
    });

    test("a second handshake is refused with 4400", async () => {
      const { client, stage } = await stageClient(section);
      const first = await greetWith({ stage }, {}, 0);
      first.send(handshake());
      expect((await first.waitForClose()).code).toBe(4400);
      await greetWith({ stage }, { resumed: true }, 1);
      await until(client.state, isOpen);
    });

    test("a server that gives out no session is not told of one, and gets no ack", async () => {
      const { client, stage } = await stageClient(section);
      const first = await stage.greet();
      client.sendFn(["test/a", 1]);
      expect(await first.frame()).toBe("[[:test/a 1] nil]");
      first.terminate();
      const second = await stage.attempt();
      expect(second.protocols).toEqual([]);
    });

    test("a frame over the server's limit is not sent, and its request says so", async () => {
      const { client, stage } = await stageClient(section);
      const connection = await greetWith({ stage }, { maxFrame: 100 }, 0);
      await expect(client.requestFn(["test/big", "x".repeat(200)])).rejects.toMatchObject({ code: "too-large" });
      client.sendFn(["test/small", 1]);
      expect(await connection.frame()).toBe("[[:test/small 1] nil]");
    });

    test("after 4503 nothing is in doubt: what the server did not acknowledge goes to the next", async () => {
      const { client, stage, errors } = await stageClient(section);
      const first = await greetWith({ stage }, {}, 0);
      for (const n of [1, 2]) client.sendFn(["test/n", n]);
      await first.takeFrames(2);
      first.send("[[:chsk/ack 1] nil]");
      first.close(4503, '{"retryInMs":0,"spreadMs":1}');
      const second = await greetWith({ stage }, { session: "s2" }, 0);
      expect(await second.frame()).toBe("[[:test/n 2] nil]");
      expect(client.state.get().sessionLost).toBe(true);
      expect(errors.all).toEqual([]);
    });

    test("another user id sends nothing of what was written before, and reports it", async () => {
      const { client, stage, errors, messages } = await stageClient(section, { onSessionLost: "resend" });
      const first = await greetWith({ stage }, {}, 0);
      client.sendFn(["test/from-u1", 1]);
      await first.frame();
      first.terminate();
      const second = await stage.attempt();
      second.accept("sente-lite");
      second.send(handshake({ session: "s2" }).replace('"u1"', '"u2"'));
      expect(await second.frame()).toBe("[[:chsk/ack 0] nil]");
      const { error } = await errors.next(errorWith("undelivered"));
      expect(error.message).toMatch(/the uid is "u2" now and was "u1"/);
      client.sendFn(["test/from-u2", 1]);
      expect(await second.frame()).toBe("[[:test/from-u2 1] nil]");
      second.send("[[[:test/done]] nil]");
      await messages.next(withId("test/done"));
      expect(eventsOf(messages)).toEqual([["test/done"]]);
    });

    test("a login that expires in the middle of a session is the end: 4401, and no further attempt", async () => {
      const { client, stage } = await stageClient(section);
      const first = await greetWith({ stage }, {}, 0);
      first.terminate();
      const second = await stage.attempt();
      second.accept("sente-lite");
      second.close(4401, "expired");
      const state = await until(client.state, ({ status }) => status === "terminal");
      expect(state).toMatchObject({ lastClose: { reason: "terminal-code" }, lastWsClose: { code: 4401 } });
      client.chsk.reconnect();
      expect((await stage.attempt()).param("attempt")).toBe("3");
    });
  });
}
