import { createHash } from "node:crypto";
import { constants, deflateRawSync, gzipSync } from "node:zlib";
import { afterAll, beforeAll, describe, expect } from "vitest";
import { frameBytes, opcodes, RawSocket } from "../../raw/raw-socket.ts";
import { framesIn } from "../../raw/server-frames.ts";
import type { RunningServer } from "../../targets/target.ts";
import { connectPeer, everyCodec, fresh } from "../server/section.ts";
import { serveOthers, watchHeld } from "./held.ts";
import type { AttackSection } from "./section.ts";

const { text, binary, continuation, ping } = opcodes;
const MEBIBYTE = 1_048_576;
/** RSV1, which says that a message is compressed. */
const COMPRESSED = 4;
const TAIL_BYTES = 4;
const OFFER = "Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits";

function deflated(content: string | Uint8Array): Buffer {
  return deflateRawSync(content, { finishFlush: constants.Z_SYNC_FLUSH, level: 9 }).subarray(0, -TAIL_BYTES);
}

function noise(length: number): Buffer {
  const blocks = Array.from({ length: Math.ceil(length / 64) }, (_, n) => createHash("sha512").update(`${n}`).digest());
  return Buffer.concat(blocks).subarray(0, length);
}

/** Of the codec's gzip: the byte that says so, and members one behind the other. */
function gzipped(...members: readonly Uint8Array[]): Buffer {
  return Buffer.concat([Buffer.of(1), ...members]);
}

export function bombAttacks({ target, test, open }: AttackSection): void {
  describe("attacks: bombs", () => {
    deflateBombs({ target, test });

    const spaces = gzipSync(Buffer.alloc(64 * MEBIBYTE, 0x20), { level: 9 });
    const request = gzipSync('[[:attack/bomb 1] "b"]');
    const lying = Buffer.from(request);
    lying.writeUInt32LE(2 ** 32 - 1, lying.length - 4);
    const garbled = Buffer.concat([request.subarray(0, 10), noise(2_000)]);
    for (const [what, bytes] of Object.entries({
      "64 MiB of spaces": gzipped(spaces),
      "ten members of 64 MiB": gzipped(...Array.from({ length: 10 }, () => spaces)),
      "a request, and 64 MiB behind it": gzipped(request, spaces),
      "gzip in gzip": gzipped(gzipSync(gzipped(spaces))),
      "a length that is a lie": gzipped(lying),
      "a stream that is cut": gzipped(request.subarray(0, -12)),
      "a stream of noise": gzipped(garbled),
      "nothing at all": gzipped(),
    })) {
      test(`bombs of gzip: ${what}, from five peers four times each: nothing is delivered, and memory comes back`, async () => {
        const watch = await watchHeld(open());
        const before = await watch.look();
        const clientId = fresh("gzip");
        const peers = await Promise.all(
          Array.from({ length: 5 }, () => connectPeer(open(), `client-id=${clientId}&codec=edn-gzip`)),
        );
        for (const peer of peers) {
          for (let i = 0; i < 4; i++) peer.sendBinary(bytes);
          peer.sendBinary(gzipped(gzipSync('[[:test/echo "after"] "after"]')));
        }
        for (const peer of peers) await peer.frameWhere(({ data }) => Buffer.from(data).includes("after"));
        const lines = open().events();
        expect(lines.filter((line) => line.clientId === clientId && line.event?.[0] === "attack/bomb")).toEqual([]);
        for (const peer of peers) peer.terminate();
        await watch.waitUntilBack(before, 64 * MEBIBYTE);
      });
    }
  });
}

/** permessage-deflate. Where the runtime has none, what says that it is compressed is no frame (RFC 6455 section 5.2). */
function deflateBombs({ target, test }: Pick<AttackSection, "target" | "test">): void {
  const { compresses } = target.capabilities;
  let server: RunningServer;
  beforeAll(async () => {
    server = await target.start({ ...everyCodec, options: compresses ? { compression: true } : {} });
  }, 30_000);
  afterAll(async () => {
    expect(await server?.stop(), "the exit code after SIGTERM").toBe(0);
  });
  const path = (clientId = fresh("bomb")) => `/chsk?client-id=${clientId}&codec=json`;
  const upgraded = (clientId?: string) => RawSocket.upgrade(server.port, path(clientId), [OFFER]);
  /** The code that it was closed with, or "cut". */
  const endOf = async (socket: RawSocket) => {
    const closing = () => framesIn(socket.text).find(({ first }) => first === 0x88);
    await socket.untilOrEnd(() => closing() !== undefined);
    socket.destroy();
    return closing()?.payload.readUInt16BE(0) ?? "cut";
  };
  const compressed = (payload: Uint8Array, { fin = true, opcode = text as number } = {}) =>
    frameBytes({ opcode, payload, fin, reserved: opcode === continuation ? 0 : COMPRESSED });

  const large = deflated(Buffer.alloc(100 * MEBIBYTE, 0x20));
  const third = Math.floor(large.length / 3);
  const bombs: Readonly<Record<string, { readonly bytes: Uint8Array; readonly codes: readonly unknown[] }>> = {
    "100 MiB in one frame": { bytes: compressed(large), codes: [1009] },
    "100 MiB in fragments": {
      bytes: Buffer.concat([
        compressed(large.subarray(0, third), { fin: false }),
        compressed(large.subarray(third, 2 * third), { fin: false, opcode: continuation }),
        compressed(large.subarray(2 * third), { opcode: continuation }),
      ]),
      codes: [1009],
    },
    "100 MiB of binary": { bytes: compressed(large, { opcode: binary }), codes: [1009] },
    "one byte too many": { bytes: compressed(deflated("x".repeat(MEBIBYTE + 1))), codes: [1009] },
    // The same in every run: of some noise an inflater makes a short text.
    "noise that says it is compressed": { bytes: compressed(noise(2_000)), codes: [1002, 1007, 1009, "cut"] },
    "a ping that says it is compressed": {
      bytes: frameBytes({ opcode: ping, payload: deflated("p"), reserved: COMPRESSED }),
      codes: [1002, "cut"],
    },
    "a fragment that says anew that it is compressed": {
      bytes: Buffer.concat([
        compressed(large.subarray(0, third), { fin: false }),
        frameBytes({ opcode: continuation, payload: large.subarray(third), reserved: COMPRESSED }),
      ]),
      codes: [1002, 1009, "cut"],
    },
    "text that is no UTF-8 once it is inflated": {
      bytes: compressed(deflated(Buffer.from('[["test/echo","\xff"],"e"]', "latin1"))),
      codes: [1007, "cut"],
    },
  };
  for (const [what, { bytes, codes }] of Object.entries(bombs)) {
    test(`bombs of permessage-deflate: ${what}, from twenty peers at once: each is ended, and memory comes back`, async () => {
      const watch = await watchHeld(server);
      const before = await watch.look();
      const sockets = await Promise.all(Array.from({ length: 20 }, () => upgraded()));
      for (const socket of sockets) socket.write(bytes);
      const expected = compresses ? codes : [1002, "cut"];
      for (const socket of sockets) expect(expected).toContain(await endOf(socket));
      await serveOthers(server, 1);
      await watch.waitUntilBack(before, 96 * MEBIBYTE);
    });
  }

  test("bombs of permessage-deflate: 200 messages that inflate to all that one may have: others are served, and memory comes back", async () => {
    const watch = await watchHeld(server);
    const before = await watch.look();
    const socket = await upgraded();
    const one = compressed(deflated(Buffer.alloc(MEBIBYTE, 0x20)));
    expect(one.length).toBeLessThan(2_000);
    socket.write(Buffer.concat(Array.from({ length: 200 }, () => one)));
    await serveOthers(server);
    expect((await watch.look()).residentBytes - before.residentBytes).toBeLessThan(160 * MEBIBYTE);
    socket.destroy();
    await watch.waitUntilBack(before, 128 * MEBIBYTE);
  });
}
