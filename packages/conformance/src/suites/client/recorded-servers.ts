import type { ClientMessage, SenteEvent } from "@sente-lite/protocol";
import { describe, expect } from "vitest";
import edn from "../../../../protocol/golden/sente/edn.json" with { type: "json" };
import multi from "../../../../protocol/golden/sente/multi-edn.json" with { type: "json" };
import transit from "../../../../protocol/golden/sente/transit.json" with { type: "json" };
import { codecs } from "../../codecs.ts";
import type { Mailbox } from "../../mailbox.ts";
import type { StageConnection } from "../../stage/stage.ts";
import { type Recorded, strangers, textsOf } from "../recorded.ts";
import { type ClientSection, isOpen, type Played, stageClient, until } from "./section.ts";

// The recorded exchanges with a real Sente, with our client in the place of the recorded one. What it understood of a
// frame is seen by what it sends: each recorded event is given to it, and it sends the same again, which has to be the
// recorded text; so do values that it is replied, and events that are pushed to it. Only cb-ids are its own.

/** How a codec's frames are put together; all that is needed of it here. */
const syntaxes = {
  edn: {
    frames: edn.frames as readonly Recorded[],
    request: /^\[(.*) (nil|"[^"]*")\]$/s,
    nil: "nil",
    pair: (a: string, b: string) => `[${a} ${b}]`,
    list: (items: readonly string[]) => `[${items.join(" ")}]`,
    back: ":test/back",
    last: ":test/last",
    // The same without what is short for something before it.
    expand: (text: string) => text,
    asValue: (text: string) => text,
  },
  "transit-json": {
    frames: transit.frames as readonly Recorded[],
    request: /^\[(.*),(null|"[^"]*")\]$/s,
    nil: "null",
    pair: (a: string, b: string) => `[${a},${b}]`,
    list: (items: readonly string[]) => `[${items.join(",")}]`,
    back: '"~:test/back"',
    last: '"~:test/last"',
    expand: (text: string) => text.replaceAll('"^0"', '"~:test/item"'),
    // In its new place it comes after one more keyword, and Transit counts those.
    asValue: (text: string) => text.replace(/"\^(\d)"/g, (_all, n: string) => `"^${Number(n) + 1}"`),
  },
} as const;
type Syntax = (typeof syntaxes)[keyof typeof syntaxes];

/** What the recorded client sent that ours does not, or was sent that ours does not take, and why. */
const notPlayed: Readonly<Record<string, string>> = {
  "types: reply and push":
    "characters and lists are strings and arrays here; their values are compared in packages/protocol",
  "server replies with an unpackable object": "a JVM object, which is no value of ours",
  "client ws-ping with cb": "its pings are its own matter",
  "client ws-ping without cb": "its pings are its own matter",
  "client ws-pong unsolicited": "it sends none",
  "frame shape: 1-vector [ev]": "it always sends two elements",
  "frame shape: 3-vector [ev cb extra]": "it always sends two elements",
  "bad event: no namespace": "it refuses to send one",
  "bad event: 3 elements": "it refuses to send one",
  "bad event: unwrapped [ev-id data]": "to a wrapped server it sends wrapped",
  "bad event: nil": "it refuses to send one",
  "idle: server ws-ping": "the pong, which the tests of liveness ask for",
};

async function nextEvent(messages: Mailbox<ClientMessage>): Promise<SenteEvent> {
  return (await messages.next(({ id }) => !id.startsWith("chsk/"))).event;
}

/** Pushes the batch, and gives what the client sends when it sends each event again: as a batch, in text. */
async function mirror(
  { client, messages }: Played,
  connection: StageConnection,
  batch: string,
  syntax: Syntax,
): Promise<string> {
  const { pair, list, nil, last, request } = syntax;
  connection.send(batch);
  connection.send(pair(list([list([last])]), nil));
  const events: string[] = [];
  for (let event = await nextEvent(messages); event[0] !== "test/last"; event = await nextEvent(messages)) {
    client.sendFn(event);
    events.push(request.exec(await connection.frame())?.[1] ?? "no frame");
  }
  return pair(list(events), nil);
}

/** Makes the client send what the recorded one sent, and gives it the recorded answers. */
async function exchange(
  both: Played,
  connection: StageConnection,
  sent: string,
  answers: readonly string[],
  syntax: Syntax,
): Promise<void> {
  const { client, messages } = both;
  const { pair, list, nil, back, request, expand, asValue } = syntax;
  const [, event = "", cbId = ""] = request.exec(sent) ?? [];
  connection.send(pair(list([event]), nil));
  const asked = await nextEvent(messages);
  let ownCb: string = nil;
  let reply: Promise<unknown> = Promise.resolve();
  if (cbId === nil) client.sendFn(asked);
  else reply = client.requestFn(asked).catch((error: { readonly code?: string }) => `failed: ${error.code}`);
  const frame = await connection.frame();
  if (cbId !== nil) ownCb = request.exec(frame)?.[2] ?? "no cb-id";
  expect(frame).toBe(pair(event, ownCb));
  for (const [index, answer] of answers.entries()) {
    const [, value = "", answered] = request.exec(answer) ?? [];
    if (cbId === nil || answered !== cbId) {
      expect(await mirror(both, connection, answer, syntax)).toBe(expand(answer));
      continue;
    }
    connection.send(pair(value, ownCb));
    // The first reply counts.
    if (index > 0) continue;
    const replied = await reply;
    if (value.includes("chsk/error")) expect(replied).toBe("failed: error");
    else {
      client.sendFn(["test/back", replied]);
      expect(await connection.frame()).toBe(pair(pair(back, asValue(value)), nil));
    }
  }
}

export function recordedServerTests(section: ClientSection): void {
  const { test } = section;

  describe("§3 wrapped frames: as with a real Sente, text by text", () => {
    for (const codec of ["edn", "transit-json"] as const) {
      const syntax = syntaxes[codec];
      const frames = syntax.frames.filter(({ conn }) => conn === undefined);
      const [handshake = ""] = textsOf(frames, "handshake", "server>client");
      const labels = [...new Set(frames.filter(({ dir }) => dir === "client>server").map(({ label }) => label))];

      for (const label of labels.filter((one) => !(one in notPlayed))) {
        test(`${codec}, recorded: ${label}`, async () => {
          const both = await stageClient(section, { codec: codecs[codec] });
          const connection = await both.stage.greet(handshake);
          await until(both.client.state, isOpen);
          const [sent = ""] = textsOf(frames, label, "client>server");
          await exchange(both, connection, sent, textsOf(frames, label, "server>client"), syntax);
          expect(both.client.state.get().open).toBe(true);
        });
      }

      test(`${codec}, recorded: every label of the table is one of the recording`, () => {
        expect(labels.length).toBeGreaterThan(20);
        expect(strangers(notPlayed, labels)).toEqual([]);
      });

      test(`${codec}, recorded: the server closes, and greets the client that comes again`, async () => {
        const again = syntax.frames.filter(({ conn }) => conn === "reconnect");
        const { stage, client } = await stageClient(section, { codec: codecs[codec] });
        const connection = await stage.greet(handshake);
        await until(client.state, isOpen);
        const close = frames.find(({ kind }) => kind === "close");
        connection.close(close?.code, close?.reason);
        await until(client.state, ({ open }) => !open);
        const second = await stage.greet(textsOf(again, "handshake", "server>client")[0]);
        expect((await until(client.state, isOpen)).uid).toBe("cap-1");
        const closed = again.find(({ kind }) => kind === "close");
        second.close(closed?.code, closed?.reason);
        await stage.greet(handshake);
        await until(client.state, isOpen);
      });
    }

    test("edn, recorded: what each of several connections of a user was pushed", async () => {
      const frames = multi.frames as readonly Recorded[];
      const conns = [...new Set(frames.map(({ conn }) => conn))];
      let pushes = 0;
      for (const conn of conns) {
        const [handshake = "", ...others] = frames
          .filter((frame) => frame.conn === conn && frame.dir === "server>client" && frame.kind === "text")
          .map(({ text = "" }) => text);
        const both = await stageClient(section);
        const connection = await both.stage.greet(handshake);
        await until(both.client.state, isOpen);
        for (const batch of others.filter((text) => text.startsWith("[[["))) {
          expect(await mirror(both, connection, batch, syntaxes.edn)).toBe(batch);
          pushes++;
        }
        both.client.close();
      }
      expect(pushes).toBe(8);
    });
  });
}
