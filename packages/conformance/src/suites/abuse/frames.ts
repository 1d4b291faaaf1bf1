import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect } from "vitest";
import { FixtureProcess } from "../../raw/fixture-process.ts";
import { frameBytes, opcodes, RawSocket } from "../../raw/raw-socket.ts";
import { framesIn } from "../../raw/server-frames.ts";
import { testedFixtureOf } from "../../targets/fixtures.ts";
import { fresh } from "../server/section.ts";
import { type FrameCase, frameCases } from "./frame-cases.ts";
import type { AttackSection } from "./section.ts";

/** What a server made of a case; `ending` is "open", the code that it closed with, or "cut". */
interface Outcome {
  readonly texts: number;
  readonly pongs: readonly string[];
  readonly ending: "open" | "cut" | number;
}

const probe = frameBytes({ opcode: opcodes.text, payload: '[["test/echo","probe"],"p"]' });

/** The outcome at the server on that port; `path` has its query. */
async function outcomeOf({ bytes, pieces = bytes.length }: FrameCase, port: number, path: string): Promise<Outcome> {
  const socket = await RawSocket.upgrade(port, path);
  for (let at = 0; at < bytes.length; at += pieces) await socket.writeFully(bytes.subarray(at, at + pieces));
  socket.write(probe);
  const seen = () => framesIn(socket.text).map(({ first, payload }) => ({ opcode: first & 0x0f, payload }));
  const isProbe = (payload: Buffer) => payload.includes("probe");
  const isSettled = () => seen().some(({ opcode, payload }) => opcode === opcodes.close || isProbe(payload));
  await socket.untilOrEnd(isSettled);
  socket.destroy();
  const frames = seen();
  const closing = frames.find(({ opcode }) => opcode === opcodes.close);
  const isOpen = frames.some(({ payload }) => isProbe(payload));
  return {
    texts: frames.filter(({ payload }) => payload.includes("echo") && !isProbe(payload)).length,
    pongs: frames.filter(({ opcode }) => opcode === opcodes.pong).map(({ payload }) => payload.toString("latin1")),
    ending: isOpen
      ? "open"
      : closing === undefined
        ? "cut"
        : closing.payload.length < 2
          ? 1005
          : closing.payload.readUInt16BE(0),
  };
}

/** A server of that runtime, or of ws where that reads the frames, without anything of ours. */
async function startBareServer(name: AttackSection["target"]["name"]) {
  const { runtime, command, args } = testedFixtureOf(name);
  const child = new FixtureProcess(command, [
    ...args,
    fileURLToPath(new URL("../../fixture/bare-server.mjs", import.meta.url)),
    runtime,
  ]);
  const { listening } = await child.lines.next((line) => line.listening !== undefined, 20_000);
  return { port: Number(listening), kill: () => child.kill() };
}

export function frameAttacks({ target, test, open }: AttackSection): void {
  describe("RFC 6455 attacks: frames, beside a server of the runtime alone", () => {
    let bare: Awaited<ReturnType<typeof startBareServer>>;
    beforeAll(async () => {
      bare = await startBareServer(target.name);
    }, 30_000);
    afterAll(() => bare.kill());

    for (const [part, cases] of Object.entries(frameCases)) {
      for (const one of cases) {
        const name = `${part}: ${one.name}`;
        test(name, async () => {
          const path = `/chsk?codec=json&client-id=${fresh("frames")}`;
          const [ours, theirs] = await Promise.all([
            outcomeOf(one, open().port, path),
            outcomeOf(one, bare.port, path),
          ]);
          // Where the runtime has no limit of its own, ours is what it has not.
          const isLimit = typeof one.ending === "object" && one.ending.includes(1009);
          if (!isLimit || target.capabilities.limitsReceived) {
            expect(ours).toEqual(one.texts === "any" ? { ...theirs, texts: ours.texts } : theirs);
          }
          if (name in target.frameFaults) expect(isRight(one, theirs), "the runtime has mended it").toBe(false);
          else expect(isRight(one, ours), JSON.stringify(ours)).toBe(true);
        });
      }
    }

    test("every fault of the runtime names a case", () => {
      const names = Object.entries(frameCases).flatMap(([part, cases]) => cases.map(({ name }) => `${part}: ${name}`));
      expect(names).toEqual(expect.arrayContaining(Object.keys(target.frameFaults)));
    });
  });
}

function isRight({ texts = 0, pongs = [], ending }: FrameCase, outcome: Outcome): boolean {
  const isEnded = outcome.ending === "cut" || (typeof ending === "object" && ending.includes(Number(outcome.ending)));
  const hasEnded = ending === "open" ? outcome.ending === "open" : isEnded;
  return (
    hasEnded && (texts === "any" || outcome.texts === texts) && JSON.stringify(outcome.pongs) === JSON.stringify(pongs)
  );
}
