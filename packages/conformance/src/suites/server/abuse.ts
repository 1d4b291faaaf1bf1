import { describe, expect } from "vitest";
import type { FixtureLine } from "../../raw/fixture-process.ts";
import { frameBytes, opcodes, RawSocket, upgradeRequest } from "../../raw/raw-socket.ts";
import { everyCodec, expectAlive, fresh, greetPeer, lineOf, type ServerSection, serverFor } from "./section.ts";

const echo = '[[:test/echo "abcdefghi"] "frag1"]';
const reply = '["abcdefghi" "frag1"]';

export function abuseTests(section: ServerSection): void {
  const { test } = section;

  describe("RFC 6455: frames as a library would not send them", () => {
    const server = serverFor(section, everyCodec);
    const upgrade = async (query = `client-id=${fresh("raw")}`) => {
      const socket = await RawSocket.upgrade(server().port, `/chsk?${query}`);
      await socket.until((text) => text.includes(":chsk/handshake"));
      return socket;
    };

    test("a message in fragments is one message", async () => {
      const socket = await upgrade();
      const parts = echo.match(/.{1,5}/g) ?? [];
      parts.forEach((payload, index) => {
        const opcode = index === 0 ? opcodes.text : opcodes.continuation;
        socket.frame({ opcode, payload, fin: index === parts.length - 1 });
      });
      await socket.until((text) => text.includes(reply));
      socket.destroy();
    });

    test("a ping between fragments is answered before the message is complete", async () => {
      const socket = await upgrade();
      socket.frame({ opcode: opcodes.text, payload: echo.slice(0, 9), fin: false });
      socket.frame({ opcode: opcodes.ping, payload: "are-you-there" });
      await socket.until((text) => text.includes("are-you-there"));
      socket.frame({ opcode: opcodes.continuation, payload: echo.slice(9) });
      await socket.until((text) => text.includes(reply));
      socket.destroy();
    });

    test("a frame that comes byte by byte is one frame", async () => {
      const socket = await upgrade();
      for (const byte of frameBytes({ opcode: opcodes.text, payload: echo })) socket.write(Uint8Array.of(byte));
      await socket.until((text) => text.includes(reply));
      socket.destroy();
    });

    test("several frames in one packet are several frames", async () => {
      const socket = await upgrade();
      const frames = [1, 2, 3].map((i) =>
        frameBytes({ opcode: opcodes.text, payload: `[[:test/echo ${i}] "many${i}"]` }),
      );
      socket.write(Buffer.concat(frames));
      const text = await socket.until((seen) => seen.includes('"many3"]'));
      expect(text).toMatch(/\[1 "many1"\].*\[2 "many2"\].*\[3 "many3"\]/s);
      socket.destroy();
    });

    test("a surrogate pair that is split between fragments is one character", async () => {
      const socket = await upgrade();
      const bytes = Buffer.from('[[:test/echo "😀"] "split"]');
      const middle = bytes.indexOf(0xf0) + 2;
      socket.frame({ opcode: opcodes.text, payload: bytes.subarray(0, middle), fin: false });
      socket.frame({ opcode: opcodes.continuation, payload: bytes.subarray(middle) });
      const expected = Buffer.from('["😀" "split"]').toString("latin1");
      await socket.until((text) => text.includes(expected));
      socket.destroy();
    });

    // Others like it are in suites/abuse/frame-cases.ts.
    test("a frame that is not masked: that connection ends, and the server lives", async () => {
      const socket = await upgrade();
      socket.write(frameBytes({ opcode: opcodes.text, payload: echo, masked: false }));
      await socket.untilOrEnd((text) => text.includes(reply));
      expect(socket.isOver).toBe(true);
      await expectAlive(server());
    });

    test("a reset in the middle of a frame harms nothing", async () => {
      const socket = await upgrade();
      socket.write(frameBytes({ opcode: opcodes.text, payload: echo }).subarray(0, 12));
      socket.reset();
      await expectAlive(server());
    });

    test("a reset while replies are on their way harms nothing", async () => {
      const socket = await upgrade();
      for (let i = 0; i < 200; i++) socket.frame({ opcode: opcodes.text, payload: `[[:test/burst 50] "r${i}"]` });
      socket.reset();
      await expectAlive(server());
    });

    test("a reset while it is being judged leaves nothing behind", async () => {
      const clientId = fresh("judged");
      const socket = await RawSocket.open(server().port);
      socket.write(upgradeRequest(server().port, `/chsk?client-id=${clientId}&codec=edn&authorizeAfter=300`));
      // Greeted after that request came, and before it is judged.
      await greetPeer(server(), `client-id=${fresh("quick")}&codec=edn`);
      socket.reset();
      const later = await greetPeer(server(), `client-id=${fresh("later")}&codec=edn&authorizeAfter=400`);
      expect(await later.ask('[[:test/uids] "u1"]')).not.toContain(`"${clientId}"`);
      await expectAlive(server());
    });

    test("frames that cannot be read are told of once, and what comes behind them is handled", async () => {
      const codes = () =>
        server()
          .events()
          .flatMap(({ error }) => (typeof error === "object" ? [error.code] : []));
      const before = codes().length;
      const socket = await upgrade(`client-id=${fresh("unread")}&codec=edn`);
      const refused = frameBytes({ opcode: opcodes.text, payload: ")" });
      const last = frameBytes({ opcode: opcodes.text, payload: '[[:test/echo "behind"] "behind"]' });
      socket.write(Buffer.concat([...Array.from({ length: 800 }, () => refused), last]));
      await socket.until((text) => text.includes('["behind" "behind"]'));
      expect(codes().slice(before)).toEqual(["bad-frame"]);
      socket.destroy();
    });

    test("fifty peers that connect and reset at once harm nothing", async () => {
      const sockets = await Promise.all(Array.from({ length: 50 }, () => upgrade()));
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
        const socket = await upgrade();
        socket.write(Uint8Array.from({ length: 300 }, random));
        socket.destroy();
      }
      await expectAlive(server());
    });

    test("a peer that floods pings and never reads does not grow the server, which serves others meanwhile", async () => {
      const asking = await greetPeer(server(), `client-id=${fresh("memory")}&codec=edn`);
      const residentBytes = async () => Number(/^\[(\d+) /.exec(await asking.ask('[[:test/memory] "m"]'))?.[1]);
      const before = await residentBytes();
      const socket = await upgrade();
      socket.stall();
      // Each asks for a pong of its own: 200,000 that are kept for a peer that does not read are more than 100 MB.
      const ping = frameBytes({ opcode: opcodes.ping, payload: "x".repeat(125) });
      const pings = Buffer.concat(Array.from({ length: 2_000 }, () => ping));
      let taken = 0;
      let isOver = false;
      const flooding = (async () => {
        while (taken < 100 && (await socket.writeFully(pings))) taken++;
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
      const peer = await greetPeer(server(), `client-id=${fresh("slow")}`);
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
      const peer = await greetPeer(server(), `client-id=${clientId}&uid=${clientId}`);
      peer.stall();
      const big = "x".repeat(500_000);
      const isTooSlow = ({ error }: FixtureLine) => typeof error === "object" && error.code === "too-slow";
      const isAnswered = lineOf("test/echo", clientId);
      // How much the buffers of both kernels take before the queue fills is theirs to say: tens of megabytes, in places.
      for (let sent = 0, isFull = false; !isFull; sent++) {
        expect(sent).toBeLessThan(400);
        peer.send(`[[:test/echo "${big}"] "s${sent}"]`);
        isFull = isTooSlow(await server().next((line) => isTooSlow(line) || isAnswered(line)));
      }
      await expectAlive(server());
    });
  });
}
