import { describe, expect } from "vitest";
import { frameBytes, opcodes, RawSocket, upgradeRequest } from "../../raw/raw-socket.ts";
import { everyCodec, expectAlive, fresh, greeted, type ServerSection, serverFor } from "./section.ts";

const echo = '[[:test/echo "abcdefghi"] "frag1"]';
const reply = '["abcdefghi" "frag1"]';

/** Bytes after the upgrade that break RFC 6455; the server has to end the connection. */
const broken: Readonly<Record<string, Uint8Array>> = {
  "a frame that is not masked": frameBytes({ opcode: opcodes.text, payload: echo, masked: false }),
  "reserved bits": frameBytes({ opcode: opcodes.text, payload: echo, reserved: 7 }),
  "a reserved opcode": frameBytes({ opcode: 5, payload: echo }),
  "a continuation of nothing": frameBytes({ opcode: opcodes.continuation, payload: echo }),
  "a fragmented ping": frameBytes({ opcode: opcodes.ping, payload: "x", fin: false }),
  "a ping of 200 bytes": frameBytes({ opcode: opcodes.ping, payload: "x".repeat(200) }),
  "a close frame of one byte": frameBytes({ opcode: opcodes.close, payload: "x" }),
  "a close frame with code 1005": frameBytes({ opcode: opcodes.close, payload: Uint8Array.of(0x03, 0xed) }),
  "text that is no UTF-8": frameBytes({ opcode: opcodes.text, payload: Uint8Array.of(0xff, 0xfe, 0x80) }),
  "a length of 2^62": frameBytes({ opcode: opcodes.text, payload: "x", claimedLength: 2 ** 62 }),
  "a new message inside a fragmented one": Buffer.concat([
    frameBytes({ opcode: opcodes.text, payload: "[[:test", fin: false }),
    frameBytes({ opcode: opcodes.text, payload: echo }),
  ]),
  "HTTP in place of frames": Buffer.from("GET / HTTP/1.1\r\nHost: x\r\n\r\n"),
};

export function abuseTests(section: ServerSection): void {
  const { test } = section;

  describe("RFC 6455: frames as a library would not send them", () => {
    const server = serverFor(section, everyCodec);
    const upgraded = async (query = `client-id=${fresh("raw")}`) => {
      const socket = await RawSocket.upgraded(server().port, `/chsk?${query}`);
      await socket.until((text) => text.includes(":chsk/handshake"));
      return socket;
    };

    test("a message in fragments is one message", async () => {
      const socket = await upgraded();
      const parts = echo.match(/.{1,5}/g) ?? [];
      parts.forEach((payload, index) => {
        const opcode = index === 0 ? opcodes.text : opcodes.continuation;
        socket.frame({ opcode, payload, fin: index === parts.length - 1 });
      });
      await socket.until((text) => text.includes(reply));
      socket.destroy();
    });

    test("a ping between fragments is answered before the message is complete", async () => {
      const socket = await upgraded();
      socket.frame({ opcode: opcodes.text, payload: echo.slice(0, 9), fin: false });
      socket.frame({ opcode: opcodes.ping, payload: "are-you-there" });
      await socket.until((text) => text.includes("are-you-there"));
      socket.frame({ opcode: opcodes.continuation, payload: echo.slice(9) });
      await socket.until((text) => text.includes(reply));
      socket.destroy();
    });

    test("a frame that comes byte by byte is one frame", async () => {
      const socket = await upgraded();
      for (const byte of frameBytes({ opcode: opcodes.text, payload: echo })) socket.write(Uint8Array.of(byte));
      await socket.until((text) => text.includes(reply));
      socket.destroy();
    });

    test("several frames in one packet are several frames", async () => {
      const socket = await upgraded();
      const frames = [1, 2, 3].map((i) =>
        frameBytes({ opcode: opcodes.text, payload: `[[:test/echo ${i}] "many${i}"]` }),
      );
      socket.write(Buffer.concat(frames));
      const text = await socket.until((seen) => seen.includes('"many3"]'));
      expect(text).toMatch(/\[1 "many1"\].*\[2 "many2"\].*\[3 "many3"\]/s);
      socket.destroy();
    });

    test("a surrogate pair that is split between fragments is one character", async () => {
      const socket = await upgraded();
      const bytes = Buffer.from('[[:test/echo "😀"] "split"]');
      const middle = bytes.indexOf(0xf0) + 2;
      socket.frame({ opcode: opcodes.text, payload: bytes.subarray(0, middle), fin: false });
      socket.frame({ opcode: opcodes.continuation, payload: bytes.subarray(middle) });
      const expected = Buffer.from('["😀" "split"]').toString("latin1");
      await socket.until((text) => text.includes(expected));
      socket.destroy();
    });

    for (const [what, bytes] of Object.entries(broken)) {
      test(`${what}: that connection ends, and the server lives`, async () => {
        const socket = await upgraded();
        socket.write(bytes);
        await socket.ended();
        await expectAlive(server());
      });
    }

    test("a reset in the middle of a frame harms nothing", async () => {
      const socket = await upgraded();
      socket.write(frameBytes({ opcode: opcodes.text, payload: echo }).subarray(0, 12));
      socket.reset();
      await expectAlive(server());
    });

    test("a reset while replies are on their way harms nothing", async () => {
      const socket = await upgraded();
      for (let i = 0; i < 200; i++) socket.frame({ opcode: opcodes.text, payload: `[[:test/burst 50] "r${i}"]` });
      socket.reset();
      await expectAlive(server());
    });

    test("a reset while it is being judged leaves nothing behind", async () => {
      const clientId = fresh("judged");
      const socket = await RawSocket.open(server().port);
      socket.write(upgradeRequest(server().port, `/chsk?client-id=${clientId}&codec=edn&authorizeAfter=300`));
      // Greeted after that request came, and before it is judged.
      await greeted(server(), `client-id=${fresh("quick")}&codec=edn`);
      socket.reset();
      const later = await greeted(server(), `client-id=${fresh("later")}&codec=edn&authorizeAfter=400`);
      expect(await later.ask('[[:test/uids] "u1"]')).not.toContain(`"${clientId}"`);
      await expectAlive(server());
    });

    test("fifty peers that connect and reset at once harm nothing", async () => {
      const sockets = await Promise.all(Array.from({ length: 50 }, () => upgraded()));
      for (const socket of sockets) socket.reset();
      await expectAlive(server());
    });

    test("frames of random bytes harm nothing", async () => {
      let seed = 7;
      const random = () => {
        seed = (seed * 1_103_515_245 + 12_345) % 2_147_483_648;
        return seed >> 16;
      };
      for (let round = 0; round < 20; round++) {
        const socket = await upgraded();
        socket.write(Uint8Array.from({ length: 300 }, random));
        socket.destroy();
      }
      await expectAlive(server());
    });

    test("a peer that floods pings and never reads does not grow the server, which serves others meanwhile", async () => {
      const asking = await greeted(server(), `client-id=${fresh("memory")}&codec=edn`);
      const residentBytes = async () => Number(/^\[(\d+) /.exec(await asking.ask('[[:test/memory] "m"]'))?.[1]);
      const before = await residentBytes();
      const socket = await upgraded();
      socket.stall();
      // Each asks for a pong of its own: 200,000 that are kept for a peer that does not read are more than 100 MB.
      const ping = frameBytes({ opcode: opcodes.ping, payload: "x".repeat(125) });
      const pings = Buffer.concat(Array.from({ length: 2_000 }, () => ping));
      let taken = 0;
      let isOver = false;
      const flooding = (async () => {
        while (taken < 100 && (await socket.taken(pings))) taken++;
        isOver = true;
      })();
      // To end the connection is right, and so is to stop reading it, which shows while others are served.
      for (let seen = -1; !isOver && seen !== taken; ) {
        seen = taken;
        for (let i = 0; i < 10; i++) await expectAlive(server());
      }
      expect((await residentBytes()) - before).toBeLessThan(64 * 1024 * 1024);
      socket.destroy();
      await flooding;
      await expectAlive(server());
    });

    test("a slow reader is served in full once it reads", async () => {
      const peer = await greeted(server(), `client-id=${fresh("slow")}`);
      peer.stall();
      const big = "x".repeat(50_000);
      for (let i = 0; i < 18; i++) peer.send(`[[:test/echo "${big}"] "s${i}"]`);
      await expectAlive(server());
      peer.resume();
      await peer.textWhere((text) => text.endsWith('"s17"]'));
      expect(peer.received).toHaveLength(19);
    });

    test("a peer that never reads is closed when its queue is full, and the server lives", async () => {
      const clientId = fresh("never");
      const peer = await greeted(server(), `client-id=${clientId}&uid=${clientId}`);
      peer.stall();
      const big = "x".repeat(500_000);
      for (let i = 0; i < 40; i++) peer.send(`[[:test/echo "${big}"] "s${i}"]`);
      await server().next((line) => typeof line.error === "object" && line.error.code === "too-slow");
      await expectAlive(server());
    });
  });
}
