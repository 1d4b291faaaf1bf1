import { describe, expect } from "vitest";
import { type ClientSection, cbIdOf, codesOf, eventsOf, isOpen, stageClient, until, withId } from "./section.ts";

const handshake = '[:chsk/handshake ["conn-1" nil {:sente-lite-version "2.0.0"} true]]';

export function bareTests(section: ClientSection): void {
  const { test } = section;

  describe("§4 bare frames", () => {
    test("bare: the first frame tells the form, and events are sent in it", async () => {
      const { stage, client } = await stageClient(section);
      const connection = await stage.greet(handshake);
      expect(await until(client.state, isOpen)).toMatchObject({
        uid: "conn-1",
        handshakeData: { "sente-lite-version": "2.0.0" },
      });
      client.sendFn(["test/a", { x: 1 }]);
      client.sendFn(["test/b"]);
      expect(await connection.takeFrames(2)).toEqual(["[:test/a {:x 1}]", "[:test/b]"]);
    });

    for (const text of [
      '[:chsk/handshake ["u"]]',
      '[:chsk/handshake ["u" nil]]',
      '[:chsk/handshake ["u" "csrf" nil false]]',
    ]) {
      test(`bare: ${text} is a handshake`, async () => {
        const { stage, client } = await stageClient(section);
        await stage.greet(text);
        expect((await until(client.state, isOpen)).uid).toBe("u");
      });
    }

    test("bare: the token of the handshake is in the state", async () => {
      const { stage, client } = await stageClient(section);
      await stage.greet('[:chsk/handshake ["u" "tok" nil true]]');
      expect((await until(client.state, isOpen)).csrfToken).toBe("tok");
    });

    test("bare: what waited for the connection is sent in the form of the server that came", async () => {
      const { stage, client } = await stageClient(section, { connect: false });
      client.sendFn(["test/a", 1]);
      const reply = client.requestFn(["test/ask", 2]);
      client.chsk.connect();
      const connection = await stage.greet(handshake);
      expect(await connection.frame()).toBe("[:test/a 1]");
      const request = await connection.frame();
      expect(request).toBe(`[[:test/ask 2] "${cbIdOf(request)}"]`);
      connection.send(`[:done "${cbIdOf(request)}"]`);
      expect(String(await reply)).toContain("done");
    });

    test("bare: events are delivered, one for each frame", async () => {
      const { stage, messages, errors } = await stageClient(section);
      const connection = await stage.greet(handshake);
      connection.send("[:test/a {:n 1}]");
      connection.send("[:test/b]");
      connection.send('[:test/c "text"]');
      await messages.next(withId("test/c"));
      expect(eventsOf(messages)).toEqual([["test/a", { n: 1 }], ["test/b"], ["test/c", "text"]]);
      expect(codesOf(errors)).toEqual([]);
    });

    for (const ping of ["[:chsk/ws-ping]", "[:chsk/ws-ping nil]"]) {
      test(`bare: ${ping} is answered with a pong`, async () => {
        const { stage, client } = await stageClient(section);
        const connection = await stage.greet(handshake);
        await until(client.state, isOpen);
        connection.send(ping);
        expect(await connection.frame()).toBe("[:chsk/ws-pong]");
      });
    }

    test("bare: a silent server is pinged, and its pong keeps the connection", async () => {
      const { stage } = await stageClient(section, { pingIntervalMs: 40, pingTimeoutMs: 5_000 });
      const connection = await stage.greet(handshake);
      for (let i = 0; i < 3; i++) {
        expect(await connection.frame()).toBe("[:chsk/ws-ping]");
        connection.send("[:chsk/ws-pong]");
      }
      expect(stage.count).toBe(1);
    });

    test("bare: a bad event is reported, and the connection stays", async () => {
      const { stage, messages, errors } = await stageClient(section);
      const connection = await stage.greet(handshake);
      connection.send("[:nons 1]");
      connection.send("[:test/echo 1 2]");
      connection.send("[:test/after 1]");
      await messages.next(withId("test/after"));
      expect(codesOf(errors)).toEqual(["bad-event", "bad-event"]);
    });

    test("bare: what waits is sent although the uid, which is the connection's, is another after a reconnect", async () => {
      const { stage, client, errors } = await stageClient(section);
      const first = await stage.greet(handshake);
      await until(client.state, isOpen);
      first.terminate();
      await until(client.state, (state) => !state.open);
      client.sendFn(["test/away", 1]);
      const second = await stage.greet(handshake.replace("conn-1", "conn-2"));
      expect(await second.frame()).toBe("[:test/away 1]");
      expect(errors.all).toEqual([]);
    });

    test("bare: a server may be of the other form after a reconnect", async () => {
      const { stage, client } = await stageClient(section);
      const bare = await stage.greet(handshake);
      client.sendFn(["test/a", 1]);
      expect(await bare.frame()).toBe("[:test/a 1]");
      bare.terminate();
      await until(client.state, (state) => !state.open);
      client.sendFn(["test/b", 2]);
      const wrapped = await stage.greet('[[:chsk/handshake ["conn-1" nil nil]] nil]');
      expect(await wrapped.frame()).toBe("[[:test/b 2] nil]");
    });
  });
}
