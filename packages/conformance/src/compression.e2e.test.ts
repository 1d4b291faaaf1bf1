import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { constants, deflateRawSync, inflateRawSync } from "node:zlib";
import { makeChannelSocketClient } from "@sente-lite/node";
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from "vitest";
import { WebSocketServer } from "ws";
import { codecNames, codecs } from "./codecs.ts";
import { opcodes, RawSocket } from "./raw/raw-socket.ts";
import { framesIn, type ServerFrame } from "./raw/server-frames.ts";
import { TcpProxy } from "./stage/tcp-proxy.ts";
import { type FixtureCommand, fixtureOf, fixtureProcess, testedFixtureOf } from "./targets/fixtures.ts";
import { serverOf, servers } from "./targets/servers.ts";
import type { RunningServer } from "./targets/target.ts";

// permessage-deflate (RFC 7692) on the runtimes that have it, with peers that are literal bytes.

const OFFER = "Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits";
const THRESHOLD_BYTES = 600;
const MAX_BYTES = 1_048_576;
/** Of the frame's first byte: final and text, without and with the bit that says compressed. */
const [PLAIN_TEXT, COMPRESSED_TEXT] = [0x81, 0xc1];
const TAIL = Buffer.from([0, 0, 0xff, 0xff]);
/** A reserved bit, RSV1. */
const COMPRESSED = 4;

function deflated(text: string): Buffer {
  return deflateRawSync(text, { finishFlush: constants.Z_SYNC_FLUSH }).subarray(0, -TAIL.length);
}

/** The text of a frame, whether it was compressed or not: by a fresh inflater, so nothing of earlier ones is needed. */
function textOf({ first, payload }: ServerFrame, windowBits = 15): string {
  if (first === PLAIN_TEXT) return payload.toString();
  expect(first).toBe(COMPRESSED_TEXT);
  const finishFlush = constants.Z_SYNC_FLUSH;
  return inflateRawSync(Buffer.concat([payload, TAIL]), { windowBits, finishFlush }).toString();
}

let peers = 0;
function upgraded(server: RunningServer, headers: readonly string[] = [OFFER]): Promise<RawSocket> {
  return RawSocket.upgrade(server.port, `/chsk?client-id=raw-${peers++}&codec=edn`, headers);
}

/** Sends a request, compressed where that was agreed on, and waits for the frame that answers it. */
async function answerTo(socket: RawSocket, request: string, windowBits?: number): Promise<ServerFrame> {
  const id = `"r${peers++}"`;
  const message = `[${request} ${id}]`;
  const isAgreed = /^sec-websocket-extensions: permessage-deflate/im.test(socket.text);
  if (isAgreed) socket.frame({ opcode: opcodes.text, reserved: COMPRESSED, payload: deflated(message) });
  else socket.frame({ opcode: opcodes.text, payload: message });
  const answers = (text: string) => framesIn(text).find((frame) => textOf(frame, windowBits).endsWith(` ${id}]`));
  const answer = answers(await socket.until((text) => answers(text) !== undefined));
  if (answer === undefined) throw new Error("no answer");
  return answer;
}

describe.each([serverOf("node"), serverOf("bun")])("a server on $name with compression", (target) => {
  let server: RunningServer;
  beforeAll(async () => {
    server = await target.start({ options: { compression: { thresholdBytes: THRESHOLD_BYTES } } });
  });
  afterAll(() => server?.stop());

  it("takes the offer of a client, and keeps nothing from one message for the next", async () => {
    const socket = await upgraded(server);
    const head = socket.text.slice(0, socket.text.indexOf("\r\n\r\n")).toLowerCase();
    expect(head).toMatch(/sec-websocket-extensions: permessage-deflate/);
    expect(head).toContain("server_no_context_takeover");
    expect(head).toContain("client_no_context_takeover");
    socket.destroy();
  });

  it("agrees on nothing with a client that offers nothing", async () => {
    const socket = await upgraded(server, []);
    expect(socket.text.toLowerCase()).not.toContain("sec-websocket-extensions");
    socket.frame({ opcode: opcodes.text, payload: `[[:test/echo "${"x".repeat(5_000)}"] "big"]` });
    await socket.until((text) => framesIn(text).some(({ payload }) => payload.includes('xxx" "big"]')));
    expect(framesIn(socket.text).every(({ first }) => first === PLAIN_TEXT)).toBe(true);
    socket.destroy();
  });

  it("compresses messages of the threshold and longer, and those alone", async () => {
    const socket = await upgraded(server);
    for (const [bytes, first] of [
      [10, PLAIN_TEXT],
      [THRESHOLD_BYTES - 1, PLAIN_TEXT],
      [THRESHOLD_BYTES, COMPRESSED_TEXT],
      [200_000, COMPRESSED_TEXT],
    ] as const) {
      // Of the whole frame, `["..." "r1"]`, where the callback id has so many characters as the counter.
      const around = `["" "r${peers}"]`.length;
      const text = "é".repeat((bytes - around) >> 1) + "x".repeat((bytes - around) & 1);
      const answer = await answerTo(socket, `[:test/echo "${text}"]`);
      expect(Buffer.byteLength(textOf(answer))).toBe(bytes);
      expect(textOf(answer)).toContain(`["${text}" `);
      expect(answer.first).toBe(first);
      if (first === COMPRESSED_TEXT) expect(answer.payload.length).toBeLessThan(bytes / 4);
    }
    socket.destroy();
  });

  it("sends a client that has room for 512 bytes of the past nothing that needs more", async () => {
    const socket = await upgraded(server, [`${OFFER}; server_max_window_bits=9`]);
    // Repeats itself at a distance of 3,000 bytes alone.
    const block = Array.from({ length: 3_000 }, (_, i) => String.fromCharCode(97 + ((i * i * 31 + i * 7) % 26))).join(
      "",
    );
    const answer = await answerTo(socket, `[:test/echo "${block.repeat(4)}"]`, 9);
    expect(textOf(answer, 9)).toContain(block.repeat(4));
    socket.destroy();
  });

  it("closes for a message that is larger than it takes once inflated, with 1009, and inflates no more of it", async () => {
    const asking = await upgraded(server);
    const residentBytes = async () => Number(/^\[(\d+) /.exec(textOf(await answerTo(asking, "[:test/memory]")))?.[1]);
    const bomb = deflated("a".repeat(100 * MAX_BYTES));
    expect(bomb.length).toBeLessThan(MAX_BYTES / 4);
    const throwBomb = async () => {
      const socket = await upgraded(server);
      socket.frame({ opcode: opcodes.text, reserved: COMPRESSED, payload: bomb });
      await socket.until((text) => framesIn(text).some(({ first }) => first === 0x88));
      const close = framesIn(socket.text).find(({ first }) => first === 0x88);
      expect(close?.payload.readUInt16BE(0)).toBe(1009);
      socket.destroy();
    };
    await throwBomb();
    const before = await residentBytes();
    await Promise.all(Array.from({ length: 10 }, throwBomb));
    // Inflated they are a thousand.
    expect((await residentBytes()) - before).toBeLessThan(100 * MAX_BYTES);
    asking.destroy();
  });

  it("takes a compressed message of just what it takes", async () => {
    const socket = await upgraded(server);
    const text = "b".repeat(MAX_BYTES - 100);
    expect(textOf(await answerTo(socket, `[:test/echo "${text}"]`))).toContain(text);
    socket.destroy();
  });

  it.each(codecNames)("brings each value there and back, in %s", async (codec) => {
    const client = makeChannelSocketClient(server.url, { codec: codecs[codec], compression: { thresholdBytes: 200 } });
    onTestFinished(() => client.close());
    const rows = Array.from({ length: 300 }, (_, i) => ({ id: i, name: `name ${i} ünïcode ☃`, half: i / 2 }));
    for (const sent of [null, "short", rows, "\u0000".repeat(3_000), [rows, rows]]) {
      expect(await client.requestFn(["test/echo", sent])).toEqual(sent);
    }
  });

  it("keeps the order of large and small, in both directions", async () => {
    const client = makeChannelSocketClient(server.url, { compression: true });
    onTestFinished(() => client.close());
    await client.ready();
    const sent = Array.from({ length: 200 }, (_, i) => [i, "x".repeat(i % 3 === 0 ? 40_000 : 5)] as const);
    const heard: number[] = [];
    const all = new Promise<void>((resolve) => {
      client.chRecv.on("test/echoed", ({ data }) => {
        heard.push((data as readonly [number])[0]);
        if (heard.length === sent.length) resolve();
      });
    });
    for (const data of sent) client.sendFn(["test/echo", data]);
    await all;
    expect(heard).toEqual(sent.map(([i]) => i));
  });
});

describe.each(servers)("a server on $name without the option", (target) => {
  it("takes no offer", async () => {
    const server = await target.start();
    onTestFinished(() => server.kill());
    const socket = await upgraded(server);
    expect(socket.text.toLowerCase()).not.toContain("sec-websocket-extensions");
    socket.destroy();
  });
});

/** Starts the client fixture of a runtime against a server that tells what it was offered. */
async function offerOf(fixture: FixtureCommand, options: readonly string[]): Promise<string | undefined> {
  const server = new WebSocketServer({ host: "127.0.0.1", port: 0 });
  onTestFinished(() => server.close());
  await once(server, "listening");
  const connected = once(server, "connection");
  const url = `ws://127.0.0.1:${(server.address() as AddressInfo).port}/chsk`;
  const client = fixtureProcess("client", fixture, ["--url", url, ...options]);
  onTestFinished(() => client.kill());
  const [, request] = await connected;
  return request.headers["sec-websocket-extensions"];
}

describe.each([
  [fixtureOf("node"), serverOf("node")],
  [fixtureOf("bun"), serverOf("bun")],
] as const)("a client on $runtime", (fixture, target) => {
  it("offers compression where it is told to, and not otherwise", async () => {
    expect(await offerOf(fixture, [])).toBeUndefined();
    expect(await offerOf(fixture, ["--option", "compression=true"])).toContain("permessage-deflate");
  });

  it("sends and takes compressed messages", async () => {
    const server = await target.start({ options: { compression: true } });
    onTestFinished(() => server.kill());
    const proxy = new TcpProxy(server.port);
    const port = await proxy.listen();
    onTestFinished(() => proxy.close());
    // Uncompressed the text would not get through, in either direction.
    const client = fixtureProcess("client", fixture, [
      ...["--url", `ws://127.0.0.1:${port}/chsk`, "--option", "compression=true", "--option", "maxAttempts=1"],
    ]);
    onTestFinished(() => client.kill());
    await client.lines.next(({ state }) => state?.open === true);
    proxy.do({ type: "cut-after", to: "server", bytes: 20_000 });
    proxy.do({ type: "cut-after", to: "client", bytes: 20_000 });
    const text = "compressed ".repeat(30_000);
    client.tell({ op: "request", event: ["test/echo", text], tag: "t" });
    const { reply } = await client.lines.next(({ tag }) => tag === "t");
    expect(reply).toBe(text);
  });
});

it.each(["deno", "node-on-deno"] as const)("a client of %s says that it has no compression", async (name) => {
  const client = fixtureProcess("client", testedFixtureOf(name), [
    "--url",
    "ws://127.0.0.1:9/chsk",
    "--option",
    "compression=true",
  ]);
  onTestFinished(() => client.kill());
  await expect(client.lines.next(() => true)).rejects.toThrow("no permessage-deflate");
});

// ws would have it, and one frame of noise would end Deno: differences.e2e.test.ts.
it.each(["deno", "node-on-deno"] as const)("a server of %s says that it has no compression", async (name) => {
  await expect(serverOf(name).start({ options: { compression: true } })).rejects.toThrow("no permessage-deflate");
});
