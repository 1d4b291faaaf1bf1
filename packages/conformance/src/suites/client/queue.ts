import { describe, expect } from "vitest";
import { codecs } from "../../codecs.ts";
import { type ClientSection, errorWith, eventsOf, isOpen, stageClient, until } from "./section.ts";

export function queueTests(section: ClientSection): void {
  const { target, test } = section;

  describe("§6 what waits to be sent", () => {
    test("events sent before the handshake follow it in order", async () => {
      const { stage, client } = await stageClient(section);
      const connection = await stage.connection();
      for (let i = 0; i < 100; i++) expect(client.sendFn(["test/i", i])).toBe(true);
      connection.send('[[:chsk/handshake ["u" nil nil]] nil]');
      expect(await connection.takeFrames(100)).toEqual(Array.from({ length: 100 }, (_, i) => `[[:test/i ${i}] nil]`));
    });

    test("nothing is sent before the handshake", async () => {
      const { stage, client } = await stageClient(section);
      client.sendFn(["test/early", 1]);
      const connection = await stage.connection();
      connection.close(1012);
      await connection.waitForClose();
      expect(connection.received).toEqual([]);
      expect(await (await stage.greet()).frame()).toBe("[[:test/early 1] nil]");
    });

    test("events sent while the connection is away arrive after the reconnect, in order, once", async () => {
      const { stage, client } = await stageClient(section);
      const first = await stage.greet();
      client.sendFn(["test/before", 0]);
      await first.frame();
      first.terminate();
      await until(client.state, (state) => !state.open);
      for (let i = 1; i <= 20; i++) client.sendFn(["test/away", i]);
      const second = await stage.greet();
      await until(client.state, isOpen);
      client.sendFn(["test/after", 21]);
      expect(await second.takeFrames(21)).toEqual([
        ...Array.from({ length: 20 }, (_, i) => `[[:test/away ${i + 1}] nil]`),
        "[[:test/after 21] nil]",
      ]);
      expect(second.received).toHaveLength(21);
    });

    test("the state tells how many wait", async () => {
      const { stage, client } = await stageClient(section, { connect: false });
      client.sendFn(["test/a", 1]);
      client.sendFn(["test/b", 2]);
      expect(client.state.get().queued).toBe(2);
      client.chsk.connect();
      await (await stage.greet()).takeFrames(2);
      await until(client.state, ({ open, queued }) => open && queued === 0);
    });

    test("at maxQueuedFrames sendFn says false, and requests are rejected with queue-full", async () => {
      const { stage, client } = await stageClient(section, { connect: false, maxQueuedFrames: 3 });
      const accepted = [1, 2, 3, 4, 5].map((i) => client.sendFn(["test/i", i]));
      expect(accepted).toEqual([true, true, true, false, false]);
      await expect(client.requestFn(["test/ask", 1])).rejects.toMatchObject({ code: "queue-full" });
      client.chsk.connect();
      const connection = await stage.greet();
      await connection.takeFrames(3);
      client.sendFn(["test/i", 6]);
      expect(await connection.frame()).toBe("[[:test/i 6] nil]");
    });

    test("at maxQueuedBytes sendFn says false", async () => {
      const { client } = await stageClient(section, { connect: false, maxQueuedBytes: 1_000 });
      const accepted = [1, 2, 3, 4].map(() => client.sendFn(["test/text", "x".repeat(300)]));
      expect(accepted).toEqual([true, true, true, false]);
    });

    test("a server that does not read fills the queue, and gets all that was accepted once it reads", async () => {
      const { stage, client } = await stageClient(section, { maxQueuedBytes: 500_000 });
      const connection = await stage.greet();
      await until(client.state, isOpen);
      connection.stall();
      // The stall has begun: what the control socket is told later comes later.
      await section.control().stage();
      const filler = "x".repeat(50_000);
      let accepted = 0;
      while (client.sendFn(["test/big", [accepted, filler]])) {
        accepted++;
        if (accepted > 4_000) throw new Error("it accepted 200 MB");
      }
      connection.resume();
      const frames = await connection.takeFrames(accepted);
      expect(frames.map((frame) => Number(/\[(\d+) /.exec(frame)?.[1]))).toEqual(
        Array.from({ length: accepted }, (_, i) => i),
      );
    });

    test("one turn may make more than maxQueuedBytes for a server that reads, and all of it arrives in order", async () => {
      const { stage, client } = await stageClient(section, { maxQueuedBytes: 500_000 });
      const connection = await stage.greet();
      await until(client.state, isOpen);
      const filler = "x".repeat(100_000);
      const accepted = Array.from({ length: 40 }, (_, n) => client.sendFn(["test/big", [n, filler]]));
      expect(accepted).toEqual(accepted.map(() => true));
      const frames = await connection.takeFrames(40);
      expect(frames.map((frame) => Number(/\[(\d+) /.exec(frame)?.[1]))).toEqual(accepted.map((_, n) => n));
    });

    test("what was accepted is sent as it was then, whatever becomes of the data", async () => {
      const { stage, client } = await stageClient(section, { connect: false });
      const data = { text: "as accepted" };
      client.sendFn(["test/a", data]);
      data.text = "changed";
      client.chsk.connect();
      expect(await (await stage.greet()).frame()).toBe('[[:test/a {:text "as accepted"}] nil]');
    });
  });

  describe("§9 what cannot be sent", () => {
    const encodeError = expect.objectContaining({ name: "EncodeError" });
    const usageError = expect.objectContaining({ name: "UsageError" });
    const catchFrom = (fn: () => unknown): unknown => {
      try {
        fn();
      } catch (error) {
        return error;
      }
      return undefined;
    };

    test("a value that no codec can carry throws EncodeError, and nothing is sent", async () => {
      const { stage, client } = await stageClient(section);
      const connection = await stage.greet();
      for (const bad of [() => 1, Symbol("s"), new Date(Number.NaN), new (class Point {})(), [{ deep: [() => 1] }]]) {
        expect(catchFrom(() => client.sendFn(["test/a", bad]))).toEqual(encodeError);
        await expect(client.requestFn(["test/a", bad])).rejects.toEqual(encodeError);
      }
      client.sendFn(["test/next", 1]);
      expect(await connection.frame()).toBe("[[:test/next 1] nil]");
    });

    test("a value that the codec cannot carry throws EncodeError with the path", async () => {
      const { client } = await stageClient(section, { codec: codecs.json, connect: false });
      expect(catchFrom(() => client.sendFn(["test/a", { list: [1, Number.NaN] }]))).toEqual(encodeError);
    });

    test("an event over maxPayloadBytes throws EncodeError too-large, and the connection stays", async () => {
      const { stage, client } = await stageClient(section, { maxPayloadBytes: 1_000 });
      const connection = await stage.greet();
      expect(catchFrom(() => client.sendFn(["test/a", "☃".repeat(400)]))).toMatchObject({
        name: "EncodeError",
        code: "too-large",
      });
      client.sendFn(["test/next", 1]);
      expect(await connection.frame()).toBe("[[:test/next 1] nil]");
    });

    test("an id without a namespace, or of the protocol's, throws UsageError", async () => {
      const { client } = await stageClient(section, { connect: false });
      for (const id of ["nons", "", "/", "a/", "/b", "chsk/ws-ping", "chsk/foo", "a b/c"]) {
        expect(
          catchFrom(() => client.sendFn([id, 1])),
          id,
        ).toEqual(usageError);
        await expect(client.requestFn([id, 1]), id).rejects.toEqual(usageError);
      }
    });

    // Where the runtime cannot refuse it, the client does, once it has come.
    const tooBig = target.capabilities.limitsReceived ? 1009 : 4400;

    test("a message from the server over maxPayloadBytes costs the connection, not the client, and is told", async () => {
      const { stage, client, messages, errors } = await stageClient(section, { maxPayloadBytes: 1_000 });
      const connection = await stage.greet();
      await until(client.state, isOpen);
      connection.send(`[[[:test/big "${"x".repeat(2_000)}"]] nil]`);
      expect((await connection.waitForClose()).code).toBe(tooBig);
      if (tooBig === 4400) await errors.next(errorWith("bad-frame"));
      await stage.greet();
      expect((await until(client.state, isOpen)).lastWsClose?.code).toBe(tooBig === 4400 ? 4400 : 1006);
      expect(eventsOf(messages)).toEqual([]);
    });

    test("a handshake over maxPayloadBytes is no handshake: each attempt is closed, and the next comes after the backoff", async () => {
      const waits = { reconnectBaseMs: 3_600_000, reconnectCapMs: 3_600_000 };
      const { stage, client } = await stageClient(section, { maxPayloadBytes: 1_000, ...waits });
      const connection = await stage.greet(`[[:chsk/handshake ["u" nil "${"x".repeat(2_000)}"]] nil]`);
      expect((await connection.waitForClose()).code).toBe(tooBig);
      const { everOpened, udtNextReconnect } = await until(client.state, ({ status }) => status === "backoff");
      expect([everOpened, udtNextReconnect]).toEqual([false, expect.any(Number)]);
      expect(stage.count).toBe(1);
    });

    test("a disconnect reports what was accepted and is not sent", async () => {
      const { client, errors } = await stageClient(section, { connect: false });
      client.sendFn(["test/a", 1]);
      const request = client.requestFn(["test/ask", 2]);
      client.chsk.disconnect();
      await expect(request).rejects.toMatchObject({ code: "closed" });
      const { context } = await errors.next(errorWith("undelivered"));
      expect(context.events).toEqual([
        ["test/a", 1],
        ["test/ask", 2],
      ]);
      expect(client.state.get().queued).toBe(0);
    });
  });
}
