import { gzipSync } from "node:zlib";
import { describe, expect } from "vitest";
import { type BinaryCodecName, binaryCodecNames } from "../../codecs.ts";
import type { RawPeer } from "../../raw/raw-peer.ts";
import { binaryFrames, bytesOf } from "../binary-frames.ts";
import {
  connectPeer,
  everyCodec,
  expectAlive,
  fresh,
  greetPeer,
  type ServerSection,
  serverFor,
  sharedServer,
} from "./section.ts";

const sameBytes = (frame: Uint8Array, notation: string) =>
  expect(Buffer.from(frame).toString("hex")).toBe(Buffer.from(bytesOf(notation)).toString("hex"));

export function binaryCodecTests(section: ServerSection): void {
  const { test } = section;

  describe("§5 codecs: binary messages", () => {
    const server = serverFor(section, everyCodec);
    const pinging = sharedServer(section, { ...everyCodec, options: { pingIntervalMs: 60, pingTimeoutMs: 60_000 } });

    const own = "&sente-lite=1&attempt=1";
    const greet = async (codec: BinaryCodecName, at = server(), more = ""): Promise<RawPeer> => {
      const peer = await connectPeer(at, `client-id=${fresh("b")}&codec=${codec}${more}`);
      await peer.bytes();
      return peer;
    };

    for (const codec of binaryCodecNames) {
      const { echo, burst, ping, pong, garbage } = binaryFrames[codec];

      test(`${codec}: a request is answered byte for byte`, async () => {
        const peer = await greet(codec);
        peer.sendBinary(bytesOf(echo[0]));
        sameBytes(await peer.bytes(), echo[1]);
      });

      test(`${codec}: pushes share a frame, byte for byte`, async () => {
        const peer = await greet(codec);
        const [send, ...answers] = burst;
        peer.sendBinary(bytesOf(send));
        for (const answer of answers) sameBytes(await peer.bytes(), answer);
      });

      test(`${codec}: a ping is answered, and another comes`, async () => {
        const peer = await greet(codec, pinging());
        for (let i = 0; i < 2; i++) {
          sameBytes(await peer.bytes(), ping);
          peer.sendBinary(bytesOf(pong));
        }
      });

      const echoes = async (peer: RawPeer) => {
        peer.sendBinary(bytesOf(echo[0]));
        sameBytes(await peer.bytes(), echo[1]);
      };

      for (const notation of garbage) {
        test(`${codec}: ${JSON.stringify(notation)} closes the connection of a client of ours with 4400`, async () => {
          const peer = await greet(codec, server(), own);
          peer.sendBinary(bytesOf(notation));
          expect((await peer.waitForClose()).code).toBe(4400);
        });

        test(`${codec}: ${JSON.stringify(notation)} of any other peer is left out, and the connection stays`, async () => {
          const peer = await greet(codec);
          peer.sendBinary(bytesOf(notation));
          await echoes(peer);
        });
      }

      test(`${codec}: a text frame closes with 4400, or is left out`, async () => {
        const text = '[[:test/echo 1] "e1"]';
        const peer = await greet(codec, server(), own);
        peer.send(text);
        expect((await peer.waitForClose()).code).toBe(4400);
        const other = await greet(codec);
        other.send(text);
        await echoes(other);
      });
    }

    for (const [codec, opened] of [
      ["transit-msgpack", "91"],
      ["sente-msgpack", "91"],
      ["transit-msgpack", "81 a1'a'"],
      ["sente-msgpack", "81 a1'a'"],
    ] as const) {
      test(`${codec}: ${JSON.stringify(opened)} a hundred thousand times, one in the other, closes with 4400`, async () => {
        const peer = await greet(codec, server(), own);
        const layer = bytesOf(opened);
        peer.sendBinary(Buffer.concat(Array.from({ length: 100_000 }, () => layer)));
        expect((await peer.waitForClose()).code).toBe(4400);
        await expectAlive(server());
      });
    }

    test("what no binary codec can read, again and again, and bombs of gzip do not grow the server", async () => {
      const asking = await greetPeer(server(), `client-id=${fresh("memory")}&codec=edn`);
      const residentBytes = async () => Number(/^\[(\d+) /.exec(await asking.ask('[[:test/memory] "m"]'))?.[1]);
      const before = await residentBytes();
      const bomb = Buffer.concat([Buffer.from([1]), gzipSync(Buffer.alloc(64 * 1_048_576, 0x20))]);
      for (const codec of binaryCodecNames) {
        const { echo, garbage } = binaryFrames[codec];
        const frames = [...garbage.map(bytesOf), ...(codec === "edn-gzip" ? [bomb] : [])];
        const peer = await greet(codec);
        for (let i = 0; i < 20; i++) for (const frame of frames) peer.sendBinary(frame);
        peer.sendBinary(bytesOf(echo[0]));
        sameBytes(await peer.bytes(), echo[1]);
      }
      expect((await residentBytes()) - before).toBeLessThan(64 * 1_048_576);
    });

    test("edn-gzip: what is large is compressed, both ways", async () => {
      const peer = await greet("edn-gzip");
      const text = "x".repeat(100_000);
      const request = gzipSync(`[[:test/echo "${text}"] "e1"]`);
      peer.sendBinary(Buffer.concat([Buffer.from([1]), request]));
      const answer = await peer.bytes();
      expect([answer[0], answer.length < 1_000]).toEqual([1, true]);
    });

    test("edn-gzip: a message that inflates beyond the limit closes with 4400, and harms nothing", async () => {
      const peer = await greet("edn-gzip", server(), own);
      const bomb = gzipSync(Buffer.alloc(64 * 1_048_576, 0x20), { level: 9 });
      peer.sendBinary(Buffer.concat([Buffer.from([1]), bomb]));
      expect((await peer.waitForClose()).code).toBe(4400);
      await expectAlive(server());
    });
  });
}
