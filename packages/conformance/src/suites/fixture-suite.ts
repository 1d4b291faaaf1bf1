import { describe, expect, onTestFinished, test } from "vitest";
import type { FixtureLine, FixtureProcess } from "../raw/fixture-process.ts";
import { connectRaw } from "../raw/raw-peer.ts";
import { type FixtureCommand, fixtureProcess, startServer } from "../targets/fixtures.ts";

/** The scripted programs as others drive them: by arguments, standard input and output. */
export function fixtureSuite(fixture: FixtureCommand): void {
  const start = (kind: "server" | "client", args: readonly string[]): FixtureProcess => {
    const child = fixtureProcess(kind, fixture, args);
    onTestFinished(() => child.kill());
    return child;
  };
  const hasStatus = (status: string) => (line: FixtureLine) => line.state?.status === status;
  const hasTag = (tag: unknown) => (line: FixtureLine) => line.tag === tag;

  describe(`the server fixture of ${fixture.runtime}`, () => {
    test("its first line tells the port and the process, and SIGTERM ends it cleanly", async () => {
      const child = start("server", ["--port", "0"]);
      const line = await child.lines.next();
      expect(line).toEqual({ listening: expect.any(Number), pid: child.pid });
      expect(await child.stop()).toBe(0);
    });

    test("a port that is asked for is the port", async () => {
      const first = await startServer(fixture);
      await first.stop();
      const child = start("server", ["--port", String(first.port)]);
      expect((await child.lines.next()).listening).toBe(first.port);
    });

    test("an argument, an option or a codec that it does not know ends it with an error", async () => {
      for (const args of [
        ["--prot", "1"],
        ["--option", "pingIntervalMs=soon"],
        ["--codec", "bson"],
      ]) {
        await expect(start("server", args).lines.next()).rejects.toThrow(/ended with [1-9]/);
      }
    });

    test("options are named as in the library, and their types are guessed", async () => {
      const options = {
        pingIntervalMs: 30,
        rejectWith: "http",
        allowedOrigins: ["http://a.example", "http://b.example"],
      };
      const server = await startServer(fixture, { codec: "edn", options });
      onTestFinished(() => server.kill());
      const peer = await connectRaw(`${server.url}?client-id=a`, { origin: "http://b.example" });
      expect(await peer.text()).toMatch(/^\[\[:chsk\/handshake /);
      expect(await peer.text()).toBe("[:chsk/ws-ping nil]");
      peer.terminate();
    });

    test("it prints what it receives, and who comes and goes", async () => {
      const server = await startServer(fixture, { codec: "edn", options: { presenceGraceMs: 1 } });
      onTestFinished(() => server.kill());
      const peer = await connectRaw(`${server.url}?client-id=a&uid=ann`);
      peer.send('[[:test/echo {:a [1 "x" :k]}] "r1"]');
      peer.send("[[:test/never ##NaN] nil]");
      peer.send("[[:test/never] nil]");
      await peer.textWhere((text) => text.endsWith('"r1"]'));
      await peer.close();
      await server.next((line) => line.event?.[0] === "chsk/uidport-close");
      const about = { uid: "ann", clientId: "a" };
      expect(server.events().slice(1)).toEqual([
        { event: ["chsk/uidport-open", "ann"], ...about, wantsReply: false },
        { event: ["chsk/client-open", about], ...about, wantsReply: false },
        { event: ["test/echo", { a: [1, "x", "k"] }], ...about, wantsReply: true },
        { event: ["test/never", { edn: "##NaN" }], ...about, wantsReply: false },
        { event: ["test/never"], ...about, wantsReply: false },
        { event: ["chsk/client-close", { ...about, reason: "left" }], ...about, wantsReply: false },
        { event: ["chsk/uidport-close", "ann"], ...about, wantsReply: false },
      ]);
    });
  });

  describe(`the client fixture of ${fixture.runtime}`, () => {
    const pair = async (...args: string[]) => {
      const server = await startServer(fixture);
      onTestFinished(() => server.kill());
      const child = start("client", ["--url", server.url, "--client-id", "c1", ...args]);
      await child.lines.next(hasStatus("open"));
      return { server, child };
    };

    test("it connects as it was told, and prints its state", async () => {
      const { child } = await pair("--codec", "json", "--option", "reconnectBaseMs=1");
      child.tell({ op: "state" });
      const { state } = await child.lines.next(hasStatus("open"));
      expect(state).toMatchObject({
        uid: "c1",
        open: true,
        handshakeData: { server: "sente-lite", runtime: fixture.runtime },
        lastWsError: null,
      });
    });

    test("it sends events, and prints those that come", async () => {
      const { child, server } = await pair();
      child.tell({ op: "send", event: ["test/push-me", { "user/id": 1, list: [true, null] }] });
      const { event } = await child.lines.next((line) => line.event?.[0] === "test/pushed");
      expect(event).toEqual(["test/pushed", { "user/id": 1, list: [true, null] }]);
      await server.next((line) => line.event?.[0] === "test/push-me");
    });

    test("it sends requests, and prints replies and errors by their tags", async () => {
      const { child } = await pair();
      child.tell({ op: "request", event: ["test/echo", { a: 1 }], tag: 1 });
      expect(await child.lines.next(hasTag(1))).toEqual({ tag: 1, reply: { a: 1 } });
      child.tell({ op: "request", event: ["test/echo", null], tag: "two" });
      expect(await child.lines.next(hasTag("two"))).toEqual({ tag: "two", reply: null });
      child.tell({ op: "request", event: ["test/never"], timeoutMs: 20, tag: 3 });
      expect((await child.lines.next(hasTag(3))).error).toBe("timeout");
      child.tell({ op: "request", event: ["test/refuse", ["why"]], tag: 4 });
      expect(await child.lines.next(hasTag(4))).toEqual({ tag: 4, error: "not-allowed", data: ["why"] });
      child.tell({ op: "request", event: ["nons"], tag: 5 });
      expect((await child.lines.next(hasTag(5))).error).toBe("bad-event-id");
    });

    test("it disconnects, connects, breaks its connection and closes", async () => {
      const { child } = await pair("--option", "reconnectBaseMs=1");
      child.tell({ op: "disconnect" });
      await child.lines.next(hasStatus("idle"));
      child.tell({ op: "connect" });
      await child.lines.next(hasStatus("open"));
      child.tell({ op: "break" });
      await child.lines.next(hasStatus("backoff"));
      await child.lines.next(hasStatus("open"));
      child.tell({ op: "close" });
      await child.lines.next((line) => line.state?.lastClose != null && line.state.open === false);
    });

    test("it prints what an event says in JSON, and as EDN what JSON cannot say", async () => {
      const { child } = await pair("--codec", "edn");
      child.tell({ op: "send", event: ["test/types"] });
      const { event } = await child.lines.next((line) => line.event?.[0] === "test/types");
      expect(event?.[1]).toEqual({ edn: expect.stringMatching(/^\{.*:nan ##NaN.*\}$/s) });
    });

    test("a line that is no command is told so, and the next is obeyed", async () => {
      const { child } = await pair();
      child.write("}{\n");
      expect((await child.lines.next((line) => line.error !== undefined)).error).toMatchObject({ code: "bad-command" });
      child.tell({ op: "request", event: ["test/echo", 1], tag: 1 });
      await child.lines.next(hasTag(1));
    });

    test("it ends when its input ends", async () => {
      const { child, server } = await pair();
      child.endInput();
      expect(await child.waitForEnd()).toBe(0);
      await server.next((line) => line.event?.[0] === "chsk/uidport-close");
    });
  });
}
