import { describe, expect, it } from "vitest";
import { createReceiver } from "./receiver.ts";
import { INSIDE, type Message, type Source, weightOf } from "./source.ts";

function source() {
  const calls: string[] = [];
  const fake: Source = {
    maxReceived: 3,
    maxReceivedBytes: 100,
    pause: () => calls.push("pause"),
    resume: () => calls.push("resume"),
    overflow: () => calls.push("overflow"),
    report: (error) => calls.push(`report ${(error as Error).message}`),
    warn: (message) => calls.push(message),
  };
  const message = (id: string, bytes = 1): Message => ({
    id,
    [INSIDE]: { source: fake, replyFailed: undefined, weight: weightOf(id, bytes) },
  });
  return { calls, message };
}

const soon = () => Promise.resolve().then(() => {});

describe("Receiver", () => {
  it("keeps messages until the first consumer, for all that are added in that turn", async () => {
    const { receiver, deliver } = createReceiver(3);
    const { message } = source();
    for (const id of ["a/one", "a/two", "a/one"]) deliver(message(id));
    const got: string[] = [];
    receiver.on("a/one", ({ id }) => got.push(id));
    receiver.on("a/two", ({ id }) => got.push(id));
    await soon();
    deliver(message("a/two"));
    expect(got).toEqual(["a/one", "a/two", "a/one", "a/two"]);
  });

  it("calls a listener in order for its id and for *, once where asked, and no more once it is off", async () => {
    const { receiver, deliver } = createReceiver(3);
    const { message } = source();
    const got: string[] = [];
    const off = receiver.on("*", ({ id }) => got.push(`* ${id}`));
    receiver.once("a/one", ({ id }) => got.push(`once ${id}`));
    await soon();
    expect([deliver(message("a/one")), deliver(message("a/one"))]).toEqual([true, true]);
    off();
    expect(deliver(message("a/one"))).toBe(false);
    expect(got).toEqual(["once a/one", "* a/one", "* a/one"]);
  });

  it("reports a listener that throws, and calls the others", async () => {
    const { receiver, deliver } = createReceiver(3);
    const { message, calls } = source();
    const got: string[] = [];
    receiver.on("a/one", () => {
      throw new Error("in a listener");
    });
    receiver.on("a/one", ({ id }) => got.push(id));
    await soon();
    deliver(message("a/one"));
    expect([calls, got]).toEqual([["report in a listener"], ["a/one"]]);
  });

  it("is read by for await, until the loop is left", async () => {
    const { receiver, deliver } = createReceiver(3);
    const { message } = source();
    deliver(message("a/one"));
    const got: string[] = [];
    const loop = (async () => {
      for await (const { id } of receiver) {
        got.push(id);
        if (id === "a/last") break;
      }
    })();
    await soon();
    for (const id of ["a/two", "a/last"]) deliver(message(id));
    await loop;
    expect(got).toEqual(["a/one", "a/two", "a/last"]);
    expect(deliver(message("a/after"))).toBe(false);
  });

  it("reports a listener whose promise rejects", async () => {
    const { receiver, deliver } = createReceiver(3);
    const { message, calls } = source();
    receiver.on("a/one", async () => {
      throw new Error("in a promise");
    });
    await soon();
    deliver(message("a/one"));
    await soon();
    expect(calls).toEqual(["report in a promise"]);
  });

  it("blames nobody for what this side made up itself: the oldest of it goes, and what a peer sent stays", async () => {
    const { receiver, deliver } = createReceiver(3);
    const { message, calls } = source();
    for (let i = 0; i < 5; i++) deliver(message(`chsk/own-${i}`));
    for (let i = 0; i < 3; i++) deliver(message(`a/${i}`));
    const got: string[] = [];
    receiver.on("*", ({ id }) => got.push(id));
    await soon();
    expect(got).toEqual(["chsk/own-2", "chsk/own-3", "chsk/own-4", "a/0", "a/1", "a/2"]);
    const loop = receiver[Symbol.asyncIterator]();
    for (let i = 0; i < 9; i++) deliver(message("chsk/own"));
    expect(calls).toEqual([]);
    await loop.return?.();
  });

  it("bounds the bytes that wait, a peer's bad events too", async () => {
    const { receiver, deliver } = createReceiver(1_000);
    const { message, calls } = source();
    deliver(message("a/one", 60));
    deliver(message("chsk/bad-event", 60));
    expect(calls).toEqual(["overflow"]);
    const loop = receiver[Symbol.asyncIterator]();
    await soon();
    deliver(message("a/two", 60));
    expect(calls).toEqual(["overflow", "overflow"]);
    await loop.next();
    deliver(message("a/three", 60));
    expect(calls).toHaveLength(2);
    await loop.return?.();
  });

  it("ends the connection whose message finds no place, and drops nothing in silence", async () => {
    const { receiver, deliver } = createReceiver(3);
    const { message, calls } = source();
    for (let i = 0; i < 4; i++) deliver(message("a/one"));
    expect(calls).toEqual(["overflow"]);
    const loop = receiver[Symbol.asyncIterator]();
    await soon();
    deliver(message("a/one"));
    expect(calls).toEqual(["overflow", "overflow"]);
    await loop.return?.();
  });
});
