import { ReplyError } from "@sente-lite/protocol";
import { describe, expect } from "vitest";
import { type ClientSection, codesOf, errorWith, eventsOf, stageClient, withId } from "./section.ts";

const handshake = (session: string, resumed: boolean, received = 0) =>
  `[[:chsk/handshake ["u1" nil nil {:session "${session}" :resumed? ${resumed} :received ${received} :max-frame 1048576 :ack {:frames 64 :bytes 65536} :features ["sessions" "error-details" "requests"]}]] nil]`;
const request = (id: number, event: string) => `[[[:chsk/request {:id ${id} :event ${event}}]] nil]`;

export function askedTests(section: ClientSection): void {
  const { test, target } = section;

  describe("§6.11 requests of the server", () => {
    const setUp = async () => {
      const { client, stage, messages, errors } = await stageClient(section);
      const greet = async (session: string, resumed: boolean, received = 0) => {
        const connection = await stage.attempt();
        connection.accept(connection.protocols.includes("sente-lite") ? "sente-lite" : undefined);
        connection.send(handshake(session, resumed, received));
        expect(await connection.frame()).toMatch(/^\[\[:chsk\/ack \d+\] nil\]$/);
        return connection;
      };
      return { client, messages, errors, greet, connection: await greet("s1", false) };
    };

    test("requests: what a handler returns is the answer, in the form of the text", async () => {
      const { client, connection, errors } = await setUp();
      target.startRouter(client, {
        "file/confirm": async ({ data }) => ({ sure: data.name === "a" }),
        "a/refuse": () => new ReplyError("busy", { message: "not now", data: 5 }),
        "a/throw": () => {
          throw new Error("secret");
        },
      });
      connection.send(request(1, '[:file/confirm {:name "a"}]'));
      expect(await connection.frame()).toBe("[[:chsk/reply {:id 1, :value {:sure true}}] nil]");
      connection.send(request(2, "[:a/refuse]"));
      expect(await connection.frame()).toBe(
        '[[:chsk/reply {:id 2, :error {:code "busy", :message "not now", :data 5}}] nil]',
      );
      connection.send(request(3, "[:a/throw]"));
      expect(await connection.frame()).toBe(
        '[[:chsk/reply {:id 3, :error {:code "error", :message "the handler failed", :data nil}}] nil]',
      );
      connection.send(request(4, "[:a/nobody]"));
      expect(await connection.frame()).toBe(
        '[[:chsk/reply {:id 4, :error {:code "unhandled", :message "nobody handles this event", :data nil}}] nil]',
      );
      expect(errors.all.map(({ error }) => String(error))).toEqual(["Error: secret"]);
    });

    test("requests: come in the order of what is pushed, and one answer is sent for each", async () => {
      const { client, messages, connection } = await setUp();
      const given: unknown[] = [];
      client.chRecv.on("a/ask", ({ replyFn }) => given.push(replyFn?.(1), replyFn?.(2)));
      connection.send("[[[:a/push] [:chsk/request {:id 1 :event [:a/ask]}] [:a/push]] nil]");
      expect(await connection.frame()).toBe("[[:chsk/reply {:id 1, :value 1}] nil]");
      expect([eventsOf(messages).map((event) => (event as [string])[0]), given]).toEqual([
        ["a/push", "a/ask", "a/push"],
        [true, false],
      ]);
      client.sendFn(["a/next"]);
      expect(await connection.frame()).toBe("[[:a/next] nil]");
    });

    test("requests: an answer that is lost with the connection is sent again in the session", async () => {
      const { client, messages, connection, greet } = await setUp();
      connection.send(request(1, "[:a/ask]"));
      const { replyFn } = await messages.next(withId("a/ask"));
      replyFn?.("kept");
      expect(await connection.frame()).toBe('[[:chsk/reply {:id 1, :value "kept"}] nil]');
      client.chsk.breakConnection();
      const second = await greet("s1", true);
      expect(await second.frame()).toBe('[[:chsk/reply {:id 1, :value "kept"}] nil]');
    });

    test("requests: in another session nothing of the old one is answered", async () => {
      const { client, messages, errors, connection, greet } = await setUp();
      connection.send(`[[[:chsk/request {:id 1 :event [:a/ask]}] [:chsk/request {:id 2 :event [:a/ask]}]] nil]`);
      const asking = [await messages.next(withId("a/ask")), await messages.next(withId("a/ask"))];
      client.chsk.breakConnection();
      expect(asking[0]?.replyFn?.("of the old session")).toBe(true);
      const second = await greet("s2", false);
      expect(asking[1]?.replyFn?.("of the old session")).toBe(false);
      second.send(request(1, "[:a/ask]"));
      const { replyFn } = await messages.next(withId("a/ask"));
      replyFn?.("of the new session");
      expect(await second.frame()).toBe('[[:chsk/reply {:id 1, :value "of the new session"}] nil]');
      expect(codesOf(errors)).toEqual([]);
    });

    test("requests: junk is a bad event, and the connection stays", async () => {
      const { connection, errors, client } = await setUp();
      for (const body of ["7", "{:id 0 :event [:a/ask]}", "{:id 1 :event [:chsk/ack]}", '{:id 1 :event "a"}']) {
        connection.send(`[[[:chsk/request ${body}]] nil]`);
        await errors.next(errorWith("bad-event"));
      }
      expect(client.state.get().open).toBe(true);
    });

    test("requests: from a server that did not tell of them they are bad events", async () => {
      const { stage, errors } = await stageClient(section);
      const connection = await stage.greet();
      connection.send(request(1, "[:a/ask]"));
      await errors.next(errorWith("bad-event"));
    });
  });
}
