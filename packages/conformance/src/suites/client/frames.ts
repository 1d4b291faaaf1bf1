import { describe, expect } from "vitest";
import { binaryCodecNames, codecs, type TextCodecName, textCodecNames } from "../../codecs.ts";
import { binaryFrames, bytesOf } from "../binary-frames.ts";
import { type ClientSection, codesOf, errorWith, eventsOf, isOpen, stageClient, until, withId } from "./section.ts";

/** The same exchange in each codec, byte for byte; CB is the request's cb-id. */
const texts: Readonly<
  Record<TextCodecName, Readonly<Record<"handshake" | "event" | "bare" | "request" | "reply" | "push", string>>>
> = {
  edn: {
    handshake: '[[:chsk/handshake ["u" nil nil]] nil]',
    event: '[[:test/a {:x 1, :y/z "t"}] nil]',
    bare: "[[:test/a] nil]",
    request: '[[:test/ask [1 true nil]] "CB"]',
    reply: '[{:k "v"} "CB"]',
    push: "[[[:test/p {:i 0}] [:test/p {:i 1}]] nil]",
  },
  json: {
    handshake: '[["chsk/handshake",["u",null,null]],null]',
    event: '[["test/a",{"x":1,"y/z":"t"}],null]',
    bare: '[["test/a"],null]',
    request: '[["test/ask",[1,true,null]],"CB"]',
    reply: '[{"k":"v"},"CB"]',
    push: '[[["test/p",{"i":0}],["test/p",{"i":1}]],null]',
  },
  "transit-json": {
    handshake: '[["~:chsk/handshake",["u",null,null]],null]',
    event: '[["~:test/a",["^ ","~:x",1,"~:y/z","t"]],null]',
    bare: '[["~:test/a"],null]',
    request: '[["~:test/ask",[1,true,null]],"CB"]',
    reply: '[["^ ","~:k","v"],"CB"]',
    push: '[[["~:test/p",["^ ","~:i",0]],["^0",["^ ","~:i",1]]],null]',
  },
};

const base64Of = (notation: string) => btoa(String.fromCharCode(...bytesOf(notation)));

/** Frames that decode and are no event, pushed or alone; the connection stays. */
const badFrames: Readonly<Record<string, string>> = {
  "an event that is not in a batch": "[[:odd/unbatched 1] nil]",
  "an event without a namespace": "[[[:nons 2]] nil]",
  "an event of three elements": "[[[:test/x 1 2]] nil]",
  "an empty event": "[[[]] nil]",
  "nil in place of an event": "[[nil] nil]",
  "an id that is a string": '[[["test/x" 1]] nil]',
  "an event of the protocol's namespace": "[[[:chsk/foo 1]] nil]",
  "a state event from the server": "[[[:chsk/state [{} {}]]] nil]",
  "a map in place of a frame": "{:a 1}",
  "nil in place of a frame": "nil",
  "a number in place of a batch": "[5 nil]",
};

export function frameTests(section: ClientSection): void {
  const { target, test } = section;

  describe("§3 wrapped frames", () => {
    for (const codec of textCodecNames) {
      test(`${codec}: events, requests, replies and pushes, byte for byte`, async () => {
        const text = texts[codec];
        const { stage, client, messages } = await stageClient(section, { codec: codecs[codec] });
        const connection = await stage.greet(text.handshake);
        client.sendFn(["test/a", { x: 1, "y/z": "t" }]);
        client.sendFn(["test/a"]);
        const reply = client.requestFn(["test/ask", [1, true, null]]);
        expect(await connection.takeFrames(2)).toEqual([text.event, text.bare]);
        const request = await connection.frame();
        const [, cbId = ""] = /"([^"]+)"\]$/.exec(request) ?? [];
        expect(request).toBe(text.request.replace("CB", cbId));
        connection.send(text.reply.replace("CB", cbId));
        expect(await reply).toEqual({ k: "v" });
        connection.send(text.push);
        await messages.next(({ data }) => (data as { i?: number } | undefined)?.i === 1);
        expect(eventsOf(messages)).toEqual([
          ["test/p", { i: 0 }],
          ["test/p", { i: 1 }],
        ]);
      });
    }

    for (const codec of textCodecNames) {
      for (const other of textCodecNames) {
        if (other === codec) continue;
        test(`a client of ${codec} that is greeted in ${other} says so, and names the option`, async () => {
          const { stage, errors } = await stageClient(section, { codec: codecs[codec], maxAttempts: 1 });
          await stage.greet(texts[other].handshake);
          const { error } = await errors.next(errorWith("bad-frame"));
          const option = other === "transit-json" ? "transitJson" : other;
          expect(error.message).toContain(`it looks like ${other}, and this side reads ${codec}`);
          expect(error.message).toContain(`codec: ${option},`);
        });
      }
    }

    for (const codec of binaryCodecNames) {
      test(`a first frame of ${codec} is named`, async () => {
        const { stage, errors } = await stageClient(section, { maxAttempts: 1 });
        (await stage.connection()).sendBinary(base64Of(binaryFrames[codec].handshake));
        const look = codec === "edn-gzip" ? "gzip" : codec;
        expect((await errors.next(errorWith("bad-frame"))).error.message).toContain(`it looks like ${look}`);
      });
    }

    test("a first frame that is compressed is named", async () => {
      const { stage, errors } = await stageClient(section, { maxAttempts: 1 });
      (await stage.connection()).sendBinary("H4sIAAAAAAAA/w==");
      expect((await errors.next(errorWith("bad-frame"))).error.message).toContain("it looks like gzip");
    });

    test("events are delivered in the order of batches and frames, each once", async () => {
      const { stage, messages } = await stageClient(section);
      const connection = await stage.greet();
      for (let i = 0; i < 100; i++)
        connection.send(`[[[:test/i ${3 * i}] [:test/i ${3 * i + 1}] [:test/i ${3 * i + 2}]] nil]`);
      connection.send("[[[:test/end]] nil]");
      await messages.next(withId("test/end"));
      const expected = Array.from({ length: 300 }, (_, i) => ["test/i", i]);
      expect(eventsOf(messages)).toEqual([...expected, ["test/end"]]);
    });

    test("a frame of one element, one of three, and an empty batch are frames", async () => {
      const { stage, messages, errors } = await stageClient(section);
      const connection = await stage.greet();
      connection.send("[[[:test/one 1]]]");
      connection.send("[[] nil]");
      connection.send("[[[:test/three 3]] nil :extra]");
      await messages.next(withId("test/three"));
      expect(eventsOf(messages)).toEqual([
        ["test/one", 1],
        ["test/three", 3],
      ]);
      expect(errors.all).toEqual([]);
    });

    test("a message has the event, its parts, the state and a way to send", async () => {
      const { stage, client, messages } = await stageClient(section);
      const connection = await stage.greet();
      connection.send("[[[:test/x {:a 1}]] nil]");
      const message = await messages.next(withId("test/x"));
      expect(message).toMatchObject({ event: ["test/x", { a: 1 }], id: "test/x", data: { a: 1 } });
      expect(message.state).toBe(client.state.get());
      message.sendFn(["test/back", 1]);
      expect(await connection.frame()).toBe("[[:test/back 1] nil]");
    });

    test("a listener for one id hears that id alone, once hears it once, and both can be stopped", async () => {
      const { stage, client, messages } = await stageClient(section);
      const heard: unknown[] = [];
      client.chRecv.on("test/a", ({ data }) => heard.push(["on", data]));
      client.chRecv.once("test/a", ({ data }) => heard.push(["once", data]));
      client.chRecv.on("test/a", ({ data }) => heard.push(["stopped", data]))();
      const connection = await stage.greet();
      connection.send("[[[:test/b 0] [:test/a 1] [:test/a 2] [:test/end]] nil]");
      await messages.next(withId("test/end"));
      expect(heard).toEqual([
        ["on", 1],
        ["once", 1],
        ["on", 2],
      ]);
    });

    test("a listener that throws is reported, and the others hear all the same", async () => {
      const { stage, client, messages, errors } = await stageClient(section);
      client.chRecv.on("test/a", () => {
        throw new Error("listener at fault");
      });
      const connection = await stage.greet();
      connection.send("[[[:test/a 1] [:test/b 2]] nil]");
      await messages.next(withId("test/b"));
      expect(errors.all.map(({ error }) => error.message)).toEqual(["listener at fault"]);
    });

    test("messages can be taken by for await, those that came before included", async () => {
      const stage = await section.control().stage();
      const client = target.makeClient(stage.url, { codec: codecs.edn });
      const connection = await stage.greet();
      await until(client.state, isOpen);
      connection.send("[[[:test/a 1] [:test/a 2] [:test/end]] nil]");
      const seen: unknown[] = [];
      for await (const { id, data } of client.chRecv) {
        if (id === "test/a") seen.push(data);
        if (id === "test/end") break;
      }
      client.close();
      expect(seen).toEqual([1, 2]);
    });
  });

  describe("§2 bad events", () => {
    for (const [what, frame] of Object.entries(badFrames)) {
      test(`${what} is reported, delivered as chsk/bad-event, and the connection stays`, async () => {
        const { stage, messages, errors } = await stageClient(section);
        const connection = await stage.greet();
        connection.send(frame);
        await errors.next(errorWith("bad-event"));
        await messages.next(withId("chsk/bad-event"));
        connection.send("[[[:test/after 1]] nil]");
        await messages.next(withId("test/after"));
        expect(eventsOf(messages)).toEqual([["test/after", 1]]);
        expect(stage.count).toBe(1);
      });
    }

    test("a bad event in a batch costs no other event of it", async () => {
      const { stage, messages, errors } = await stageClient(section);
      const connection = await stage.greet();
      connection.send("[[[:odd/good 1] [:nons 2] [:chsk/handshake [nil nil nil]] [:odd/after 3]] nil]");
      await messages.next(withId("odd/after"));
      expect(
        messages.all.filter(({ id }) => id.startsWith("odd/") || id === "chsk/bad-event").map(({ id }) => id),
      ).toEqual(["odd/good", "chsk/bad-event", "chsk/bad-event", "odd/after"]);
      expect(codesOf(errors)).toEqual(["bad-event", "bad-event"]);
    });
  });

  describe("§8 what does not decode", () => {
    for (const [what, text] of [
      ["garbage", "}{"],
      ["an empty frame", ""],
      ["an unfinished frame", "[[[:test/x 1]]"],
    ] as const) {
      test(`${what} closes with 4400, is reported, and the client reconnects`, async () => {
        const { stage, client, messages, errors } = await stageClient(section);
        const connection = await stage.greet();
        await until(client.state, isOpen);
        connection.send(text);
        connection.send("[[[:test/unread 1]] nil]");
        expect((await connection.waitForClose()).code).toBe(4400);
        await errors.next(errorWith("bad-frame"));
        await stage.greet();
        await until(client.state, isOpen);
        expect(eventsOf(messages)).toEqual([]);
      });
    }

    test("a binary frame on a connection of text closes with 4400", async () => {
      const { stage, client } = await stageClient(section);
      const connection = await stage.greet();
      await until(client.state, isOpen);
      // [[[:odd/binary 1]] nil]
      connection.sendBinary("W1tbOm9kZC9iaW5hcnkgMV1dIG5pbF0=");
      expect((await connection.waitForClose()).code).toBe(4400);
      await stage.attempt();
    });

    for (const codec of binaryCodecNames) {
      test(`${codec}: a text frame on a connection of bytes closes with 4400`, async () => {
        const { stage, client } = await stageClient(section, { codec: codecs[codec] });
        const connection = await stage.attempt();
        connection.accept();
        connection.sendBinary(base64Of(binaryFrames[codec].handshake));
        await until(client.state, isOpen);
        connection.send("[[[:odd/text 1]] nil]");
        expect((await connection.waitForClose()).code).toBe(4400);
        await stage.attempt();
      });
    }

    test("a key __proto__ reaches no prototype", async () => {
      const { stage, messages } = await stageClient(section, { codec: codecs.json });
      const connection = await stage.greet('[["chsk/handshake",["u",null,null]],null]');
      connection.send('[[["test/p",{"__proto__":{"polluted":1},"constructor":{"prototype":{"polluted":1}}}]],null]');
      const { data } = await messages.next(withId("test/p"));
      expect("polluted" in {}).toBe(false);
      expect("polluted" in (data as object)).toBe(false);
    });
  });
}
