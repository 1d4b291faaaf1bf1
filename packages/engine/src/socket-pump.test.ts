import { VirtualClock } from "@sente-lite/protocol/testing";
import { describe, expect, it } from "vitest";
import { SocketPump } from "./socket-pump.ts";
import { CLOSE_GRACE_MS, DRAIN_POLL_MS } from "./sockets.ts";
import { testHost } from "./testing/setting.test-support.ts";

/** A pump whose session has so many frames, and whatever it does. */
function setting(frames = 0) {
  const clock = new VirtualClock();
  const did: string[] = [];
  let left = frames;
  const now = () => clock.now;
  const pump = new SocketPump<ReturnType<typeof socket>>(
    {
      host: {
        ...testHost(),
        setTimer: (ms, fn) => clock.after(ms, fn),
        clearTimer: (timer) => (timer as (() => void) | undefined)?.(),
      },
      now,
      limits: { highWaterBytes: 100 },
    },
    {
      wantsLook: false,
      isPassing: false,
      nextFrame: () => (left-- > 0 ? { data: "0123456789", bytes: 10 } : undefined),
      look: (at, buffered) => did.push(`look at ${at}, ${buffered} buffered`),
    },
    {
      transmit: (to, frame) => {
        to.bufferedAmount += frame.bytes;
        return true;
      },
      received: (data) => did.push(`received ${data}`),
      closed: (code) => did.push(`closed ${code}`),
      wake: (at) => did.push(`woken at ${at}`),
      run: () => did.push("run"),
    },
  );
  const socket = (name: string) => ({
    bufferedAmount: 0,
    close: (code: number) => void did.push(`${name} closes ${code}`),
    terminate: () => void did.push(`${name} is cut`),
  });
  const attach = (name: string) => {
    const one = socket(name);
    return { socket: one, handlers: pump.handlersOf(pump.attach(one)) };
  };
  return { pump, clock, did, attach };
}

describe("a socket pump", () => {
  it("fills a socket up to its mark, looks again until there is room, and then goes on", () => {
    const { pump, clock, did, attach } = setting(25);
    const { socket } = attach("a");
    pump.pump();
    expect(socket.bufferedAmount).toBe(100);
    clock.advance(0);
    expect(did.splice(0)).toEqual(["look at 0, 100 buffered", "run"]);
    socket.bufferedAmount = 0;
    clock.advance(DRAIN_POLL_MS);
    expect(did.splice(0)).toEqual([`look at ${DRAIN_POLL_MS}, 100 buffered`, "run"]);
    // The last five, and nothing that would need another look.
    socket.bufferedAmount = 0;
    clock.advance(DRAIN_POLL_MS);
    expect([socket.bufferedAmount, clock.pending]).toEqual([50, 0]);
  });

  it("hears the current socket alone", () => {
    const { did, attach } = setting();
    const a = attach("a");
    const b = attach("b");
    a.handlers.message("late");
    a.handlers.drained();
    a.handlers.closed(1000, "");
    b.handlers.message("now");
    b.handlers.closed(1001, "");
    b.handlers.message("late too");
    expect(did).toEqual(["received now", "closed 1001"]);
  });

  it("cuts a socket that is slow to close, and no other", () => {
    const { pump, clock, did, attach } = setting();
    const slow = attach("slow");
    pump.close(4400, "");
    const quick = attach("quick");
    pump.close(4408, "");
    quick.handlers.closed(4408, "");
    clock.advance(CLOSE_GRACE_MS);
    slow.handlers.closed(1006, "");
    expect(did).toEqual(["slow closes 4400", "quick closes 4408", "slow is cut"]);
  });

  it("wakes at the earliest deadline, and not at one that was taken back", () => {
    const { pump, clock, did } = setting();
    pump.arm(50);
    pump.arm(20);
    pump.arm(80);
    clock.advance(100);
    expect(did.splice(0)).toEqual(["woken at 20", "run"]);
    pump.arm(150);
    pump.arm(undefined);
    clock.advance(100);
    expect([did, clock.pending]).toEqual([[], 0]);
  });
});
