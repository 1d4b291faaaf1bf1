import { describe, expect } from "vitest";
import { codecs, type TextCodecName, textCodecNames } from "../../codecs.ts";
import { type ClientSection, cbIdOf, isOpen, stageClient, until, withId } from "./section.ts";

const pings: Readonly<Record<TextCodecName, readonly [handshake: string, ping: string, pong: string]>> = {
  edn: ['[[:chsk/handshake ["u" nil nil]] nil]', "[:chsk/ws-ping nil]", "[[:chsk/ws-pong] nil]"],
  json: ['[["chsk/handshake",["u",null,null]],null]', '["chsk/ws-ping",null]', '[["chsk/ws-pong"],null]'],
  "transit-json": [
    '[["~:chsk/handshake",["u",null,null]],null]',
    '["~:chsk/ws-ping",null]',
    '[["~:chsk/ws-pong"],null]',
  ],
};

export function livenessTests(section: ClientSection): void {
  const { test } = section;

  describe("§7 liveness", () => {
    for (const codec of textCodecNames) {
      test(`${codec}: the server's ping is answered`, async () => {
        const [handshake, ping, pong] = pings[codec];
        const { stage, client } = await stageClient(section, { codec: codecs[codec] });
        const connection = await stage.greet(handshake);
        await until(client.state, isOpen);
        connection.send(ping);
        expect(await connection.frame()).toBe(pong);
      });
    }

    test("the server's ping reaches the application as chsk/ws-ping", async () => {
      const { stage, messages } = await stageClient(section);
      const connection = await stage.greet();
      connection.send("[:chsk/ws-ping nil]");
      await messages.next(withId("chsk/ws-ping"));
    });

    test("a silent server is pinged after the interval, each time with a new cb-id", async () => {
      const { stage, client } = await stageClient(section, { pingIntervalMs: 40, pingTimeoutMs: 5_000 });
      const connection = await stage.greet();
      const cbIds: string[] = [];
      while (cbIds.length < 4) {
        const ping = await connection.frame();
        expect(ping).toMatch(/^\[\[:chsk\/ws-ping\] "[^"]{1,64}"\]$/);
        cbIds.push(cbIdOf(ping));
        connection.send(`["pong" "${cbIdOf(ping)}"]`);
      }
      expect(new Set(cbIds).size).toBe(4);
      expect(client.state.get().open).toBe(true);
      expect(stage.count).toBe(1);
    });

    test("a pong is no event, and no error", async () => {
      const { stage, messages, errors } = await stageClient(section, { pingIntervalMs: 40, pingTimeoutMs: 5_000 });
      const connection = await stage.greet();
      connection.send(`["pong" "${cbIdOf(await connection.frame())}"]`);
      connection.send("[[[:test/after 1]] nil]");
      await messages.next(withId("test/after"));
      expect(errors.all).toEqual([]);
      expect(messages.all.filter(({ id }) => id === "chsk/bad-event")).toEqual([]);
    });

    test("a ping that is not answered closes with 4408, and the client reconnects", async () => {
      const { stage, client } = await stageClient(section, { pingIntervalMs: 40, pingTimeoutMs: 80 });
      const connection = await stage.greet();
      await connection.frame();
      expect((await connection.waitForClose()).code).toBe(4408);
      expect(connection.received).toHaveLength(1);
      const again = await stage.greet();
      expect(again.param("attempt")).toBe("2");
      await until(client.state, isOpen);
    });

    test("a server that hangs, unread and unanswering, is given up", async () => {
      const { stage, client } = await stageClient(section, { pingIntervalMs: 40, pingTimeoutMs: 80 });
      const connection = await stage.greet();
      await until(client.state, isOpen);
      connection.stall();
      expect((await stage.attempt()).param("attempt")).toBe("2");
    });

    test("anything that comes is life, not the pong alone", async () => {
      const { stage, client } = await stageClient(section, { pingIntervalMs: 40, pingTimeoutMs: 60_000 });
      const connection = await stage.greet();
      for (let i = 0; i < 3; i++) {
        await connection.frame();
        connection.send(`[[[:test/alive ${i}]] nil]`);
      }
      expect(client.state.get().open).toBe(true);
    });

    test("a late answer to a ping of an earlier connection is nothing", async () => {
      const { stage, client, errors } = await stageClient(section, { pingIntervalMs: 40, pingTimeoutMs: 60_000 });
      const first = await stage.greet();
      const cbId = cbIdOf(await first.frame());
      first.terminate();
      const second = await stage.greet();
      second.send(`["pong" "${cbId}"]`);
      second.send(`["pong" "${cbIdOf(await second.frame())}"]`);
      await second.frame();
      expect(client.state.get().open).toBe(true);
      expect(errors.all.filter(({ error }) => "code" in error)).toEqual([]);
    });
  });
}
