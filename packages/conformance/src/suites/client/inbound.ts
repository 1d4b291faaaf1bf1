import { defineContract, event } from "@sente-lite/protocol";
import { describe, expect } from "vitest";
import { codecs } from "../../codecs.ts";
import { type ClientSection, codesOf, eventsOf, isOpen, stageClient, until, withId } from "./section.ts";

const text = "x".repeat(500);
const numbers = (count: number) => Array.from({ length: count }, (_, i) => i);
/** A batch: `count` events with half a kilobyte each, and one that says that it is over. */
const batch = (count: number) => `[[${numbers(count).map((i) => `[:test/i [${i} "${text}"]]`)} [:test/end]] nil]`;
const numberOf = (data: unknown) => (data as readonly [number, string])[0];

/** A validator that takes a turn of the loop for each value. */
const unhurried = {
  "~standard": {
    version: 1 as const,
    vendor: "test",
    validate: async (value: unknown) => {
      await new Promise((resolve) => setTimeout(resolve));
      return { value };
    },
  },
};

/** What waits at a client between its socket and its consumers. */
export function inboundTests(section: ClientSection): void {
  const { target, test } = section;

  describe("§9 limits: events that wait for their consumers", () => {
    const setUp = async () => {
      const stage = await section.control().stage();
      const client = target.makeClient(stage.url, { codec: codecs.edn, reconnectBaseMs: 1, reconnectCapMs: 5 });
      const connection = await stage.greet();
      await until(client.state, isOpen);
      const codes: unknown[] = [];
      client.errorChan.on(({ error }) => codes.push((error as { readonly code?: string }).code));
      return { stage, client, connection, codes };
    };

    test("a batch of 900 waits for a loop that takes its time, whatever the frame weighs", async () => {
      const { stage, client, connection, codes } = await setUp();
      const messages = client.chRecv[Symbol.asyncIterator]();
      const first = messages.next();
      connection.send(batch(900));
      await first;
      const seen: number[] = [];
      for (;;) {
        const { value } = await messages.next();
        if (value.id === "test/end") break;
        if (value.id === "test/i") seen.push(numberOf(value.data));
        await new Promise((resolve) => setTimeout(resolve, seen.length % 100 === 0 ? 1 : 0));
      }
      client.close();
      expect([seen, codes, stage.count]).toEqual([numbers(900), [], 1]);
    });

    test("a batch of 900 waits for the first consumer, who comes late", async () => {
      const { stage, client, connection, codes } = await setUp();
      connection.send(batch(900));
      const asked = client.requestFn(["test/ask"]);
      const request = await connection.frame();
      connection.send(request.replace(/^\[.*\] /, "[1 "));
      expect(await asked).toBe(1);
      const seen: number[] = [];
      await new Promise<void>((resolve) => {
        client.chRecv.on("test/i", ({ data }) => seen.push(numberOf(data)));
        client.chRecv.on("test/end", () => resolve());
      });
      client.close();
      expect([seen, codes, stage.count]).toEqual([numbers(900), [], 1]);
    });

    test("a batch of 300 waits for a validator that takes its time", async () => {
      const contract = defineContract({ toClient: { "test/i": event({ data: unhurried }), "test/end": event() } });
      const { stage, messages, errors } = await stageClient(section, { contract: contract as never });
      const connection = await stage.greet();
      connection.send(batch(300));
      await messages.next(withId("test/end"));
      const seen = eventsOf(messages).slice(0, -1);
      expect(seen.map((one) => numberOf((one as readonly unknown[])[1]))).toEqual(numbers(300));
      expect([codesOf(errors), stage.count]).toEqual([[], 1]);
    });

    test("more than 1,000 that wait in a loop are told of, and the connection closes with 4413", async () => {
      const { client, connection, codes } = await setUp();
      const messages = client.chRecv[Symbol.asyncIterator]();
      connection.send(batch(1_100));
      await messages.next();
      expect((await connection.waitForClose()).code).toBe(4413);
      client.close();
      expect(codes).toContain("receiver-full");
    });

    test("a client that only asks is never cut off for what nobody consumes, and says so once", async () => {
      const { stage, client, connection, codes } = await setUp();
      for (let frame = 0; frame < 5; frame++) connection.send(batch(900));
      const asked = client.requestFn(["test/ask"]);
      const request = await connection.frame();
      connection.send(request.replace(/^\[.*\] /, "[1 "));
      expect(await asked).toBe(1);
      client.close();
      expect([codes, stage.count]).toEqual([["unconsumed"], 1]);
    });
  });

  describe("§9 limits: what handlers do takes effect at once", () => {
    for (const how of ["close", "disconnect"] as const) {
      test(`${how} in a handler: the rest of the frame is not delivered, and nobody calls it open`, async () => {
        const { stage, client } = await stageClient(section);
        const connection = await stage.greet();
        const seen: unknown[] = [];
        const states: unknown[] = [];
        client.chRecv.on("test/i", ({ data }) => {
          seen.push(data);
          if (data !== 2) return;
          if (how === "close") client.close();
          else client.chsk.disconnect();
          states.push(client.state.get().open);
        });
        connection.send("[[[:test/i 1] [:test/i 2] [:test/i 3] [:test/i 4]] nil]");
        await connection.waitForClose();
        expect([seen, states]).toEqual([[1, 2], [false]]);
      });
    }

    test("reconnect in a handler: the connection is gone before the next event, which follows", async () => {
      const { stage, client, messages } = await stageClient(section);
      const connection = await stage.greet();
      const states: unknown[] = [];
      client.chRecv.on("test/i", ({ data }) => {
        if (data === 1) client.chsk.reconnect();
        states.push([data, client.state.get().open]);
      });
      connection.send("[[[:test/i 1] [:test/i 2] [:test/end]] nil]");
      await messages.next(withId("test/end"));
      expect((await connection.waitForClose()).code).toBe(4000);
      expect(states).toEqual([
        [1, false],
        [2, false],
      ]);
      await stage.greet();
      await until(client.state, isOpen);
    });

    test("a listener and a subscriber that an earlier one takes off are not called again", async () => {
      const { stage, client, messages } = await stageClient(section, { connect: false });
      const called: string[] = [];
      let takeOff = () => {};
      client.chRecv.on("test/a", () => takeOff());
      takeOff = client.chRecv.on("test/a", () => called.push("listener"));
      let leave = () => {};
      client.state.subscribe(() => leave());
      leave = client.state.subscribe(() => called.push("subscriber"));
      client.chsk.connect();
      const connection = await stage.greet();
      connection.send("[[[:test/a] [:test/end]] nil]");
      await messages.next(withId("test/end"));
      expect(called).toEqual([]);
    });

    test("a subscriber that sends when the connection is lost sends one event", async () => {
      const { stage, client } = await stageClient(section);
      const first = await stage.greet();
      await until(client.state, isOpen);
      client.state.subscribe(({ status }) => {
        if (status === "backoff") client.sendFn(["test/lost"]);
      });
      first.terminate();
      const second = await stage.greet();
      await until(client.state, isOpen);
      client.sendFn(["test/end"]);
      expect(await second.takeFrames(2)).toEqual(["[[:test/lost] nil]", "[[:test/end] nil]"]);
    });
  });
}
