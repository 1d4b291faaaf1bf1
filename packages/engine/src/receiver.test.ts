import { describe, expect, it } from "vitest";
import { DELIVERY, type Message, type Peer } from "./delivery.ts";
import { serverEvents } from "./handled-ids.ts";
import { Incoming, type Paced } from "./incoming.ts";
import { createReceiver } from "./receiver.ts";

/** A receiver and one peer before it. */
function setting({ maxReceived = 3, maxReceivedBytes = 100 } = {}) {
  const calls: string[] = [];
  const peer: Peer & Paced = {
    pause: () => calls.push("pause"),
    resume: () => calls.push("resume"),
    overflow: () => calls.push("overflow"),
    noteDropped: (count) => calls.push(`dropped ${count}`),
    report: (error) => calls.push(`report ${(error as Error).message}`),
    warn: (message) => calls.push(message),
  };
  const limits = { maxReceived, maxReceivedBytes };
  const { receiver, deliver } = createReceiver<Message>(limits, serverEvents);
  const incoming = new Incoming({ peer, limits });
  /** True where somebody wanted it. */
  const arrive = (id: string, bytes = 1): boolean => {
    let isWanted = false;
    incoming.put(bytes, (place) => {
      isWanted = deliver({ id, [DELIVERY]: { peer, place, replyWithError: () => calls.push(`unhandled ${id}`) > 0 } });
      return undefined;
    });
    return isWanted;
  };
  return { calls, receiver, arrive, incoming };
}

const soon = () => Promise.resolve().then(() => {});

describe("Receiver", () => {
  it("keeps messages until the first consumer, for all that are added in that turn", async () => {
    const { receiver, arrive } = setting();
    for (const id of ["a/one", "a/two", "a/one"]) arrive(id);
    const got: string[] = [];
    receiver.on("a/one", ({ id }) => got.push(id));
    receiver.on("a/two", ({ id }) => got.push(id));
    await soon();
    arrive("a/two");
    expect(got).toEqual(["a/one", "a/two", "a/one", "a/two"]);
  });

  it("calls a listener in order for its id and for *, once where asked, and no more once it is off", async () => {
    const { receiver, arrive } = setting();
    const got: string[] = [];
    const off = receiver.on("*", ({ id }) => got.push(`* ${id}`));
    receiver.once("a/one", ({ id }) => got.push(`once ${id}`));
    await soon();
    expect([arrive("a/one"), arrive("a/one")]).toEqual([true, true]);
    off();
    expect(arrive("a/one")).toBe(false);
    expect(got).toEqual(["once a/one", "* a/one", "* a/one"]);
  });

  it("reports a listener that throws, and calls the others", async () => {
    const { receiver, arrive, calls } = setting();
    const got: string[] = [];
    receiver.on("a/one", () => {
      throw new Error("in a listener");
    });
    receiver.on("a/one", ({ id }) => got.push(id));
    await soon();
    arrive("a/one");
    expect([calls, got]).toEqual([["report in a listener"], ["a/one"]]);
  });

  it("is read by for await, until the loop is left", async () => {
    const { receiver, arrive } = setting();
    arrive("a/one");
    const got: string[] = [];
    const loop = (async () => {
      for await (const { id } of receiver) {
        got.push(id);
        if (id === "a/last") break;
      }
    })();
    await soon();
    for (const id of ["a/two", "a/last"]) arrive(id);
    await loop;
    expect(got).toEqual(["a/one", "a/two", "a/last"]);
    expect(arrive("a/after")).toBe(false);
  });

  it("reports a listener whose promise rejects", async () => {
    const { receiver, arrive, calls } = setting();
    receiver.on("a/one", async () => {
      throw new Error("in a promise");
    });
    await soon();
    arrive("a/one");
    await soon();
    expect(calls).toEqual(["report in a promise"]);
  });

  it("calls no listener that an earlier one took off in the same dispatch", async () => {
    const { receiver, arrive } = setting();
    const got: string[] = [];
    receiver.on("a/one", () => off());
    const off = receiver.on("a/one", () => void got.push("taken off"));
    receiver.on("a/one", () => void got.push("other"));
    await soon();
    arrive("a/one");
    expect(got).toEqual(["other"]);
  });

  it("keeps as much as its bounds say where nobody consumes; then the oldest goes, with one report", async () => {
    const { receiver, arrive, calls } = setting();
    for (let i = 0; i < 6; i++) arrive(`a/${i}`);
    const got: string[] = [];
    receiver.on("*", ({ id }) => got.push(id));
    await soon();
    expect(got).toEqual(["a/3", "a/4", "a/5"]);
    expect(calls.filter((call) => call.startsWith("unhandled"))).toEqual([
      "unhandled a/0",
      "unhandled a/1",
      "unhandled a/2",
    ]);
    expect(calls.filter((call) => call.startsWith("report"))).toEqual([expect.stringContaining("nobody consumes")]);
    expect(calls).not.toContain("overflow");
  });

  it("bounds their bytes as well, and keeps one that is over them alone", async () => {
    const { receiver, arrive } = setting();
    for (const [id, bytes] of [
      ["a/1", 60],
      ["a/2", 60],
      ["a/3", 30],
      ["a/4", 500],
      ["a/5", 500],
    ] as const)
      arrive(id, bytes);
    const got: string[] = [];
    receiver.on("*", ({ id }) => got.push(id));
    await soon();
    expect(got).toEqual(["a/5"]);
  });

  it("does not let what this side made up push out what a peer sent, nor the other way round", async () => {
    const { receiver, arrive } = setting();
    for (let i = 0; i < 5; i++) arrive(`chsk/own-${i}`, 0);
    for (let i = 0; i < 3; i++) arrive(`a/${i}`);
    const got: string[] = [];
    receiver.on("*", ({ id }) => got.push(id));
    await soon();
    expect(got).toEqual(["chsk/own-2", "chsk/own-3", "chsk/own-4", "a/0", "a/1", "a/2"]);
  });

  it("lets as many events wait for a loop as its bounds say, whatever came before its first turn", async () => {
    const { receiver, arrive, calls } = setting();
    for (let i = 0; i < 2; i++) arrive("a/early");
    const loop = receiver[Symbol.asyncIterator]();
    await soon();
    arrive("a/one");
    expect(calls).toEqual([]);
    arrive("a/two");
    expect(calls).toEqual(["overflow"]);
    await loop.next();
    arrive("a/three");
    expect(calls).toEqual(["overflow"]);
    await loop.return?.();
  });

  it("bounds the bytes that wait for a loop, an event alone excepted", async () => {
    const { receiver, arrive, calls } = setting();
    const loop = receiver[Symbol.asyncIterator]();
    await soon();
    arrive("a/one", 160);
    arrive("a/two", 60);
    expect(calls).toEqual(["overflow"]);
    await loop.next();
    arrive("a/three", 60);
    arrive("a/four", 40);
    expect(calls).toEqual(["overflow"]);
    await loop.return?.();
  });

  it("counts an event once, however many loops it waits for, and lets go of it when the last is done", async () => {
    const { receiver, arrive, calls } = setting();
    const one = receiver[Symbol.asyncIterator]();
    const two = receiver[Symbol.asyncIterator]();
    await soon();
    for (let i = 0; i < 3; i++) arrive("a/b");
    expect(calls).toEqual([]);
    await one.return?.();
    arrive("a/b");
    expect(calls).toEqual(["overflow"]);
    await two.return?.();
  });

  it("gives a loop nothing that was given up, and the rest", async () => {
    const { receiver, arrive, incoming } = setting();
    const loop = receiver[Symbol.asyncIterator]();
    await soon();
    arrive("a/one");
    arrive("chsk/state", 0);
    incoming.clear();
    arrive("a/two");
    expect(((await loop.next()).value as Message).id).toBe("chsk/state");
    expect(((await loop.next()).value as Message).id).toBe("a/two");
    await loop.return?.();
  });
});
