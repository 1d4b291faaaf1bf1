import { makeChannelSocketServer, type ReplyError, startRouter } from "@sente-lite/node";
import { connectInMemory } from "@sente-lite/node/testing";
import { describe, expect, it } from "vitest";
import { createInterpreter } from "./interpreter.ts";
import type { StandardOutput, StepFn } from "./step.ts";
import { createState, wrapStepFn } from "./wrap-step-fn.ts";

interface Said {
  readonly count: number;
}

/** The product document's own example. */
const chat: StepFn<Said, { readonly text: string }, StandardOutput> = (state, { text }, { at }) => {
  if (text === "") return { outputs: [{ type: "refuse", code: "empty", data: { text } }] };
  if (text === "crash") throw new Error("crashed");
  const next = { count: state.count + 1 };
  return {
    state: next,
    outputs: [
      { type: "broadcast", event: ["chat/message", { text, at }] },
      { type: "metrics", data: { processed: next.count } },
      { type: "log", data: `said: ${text}` },
      { type: "reply", value: next.count },
    ],
  };
};

/** The chat on a server in memory, with everything that its outputs act on. */
function setting() {
  const server = makeChannelSocketServer();
  const { client, idle } = connectInMemory({ server });
  const state = createState<Said>({ count: 0 });
  const heard: unknown[] = [];
  const errors: string[] = [];
  server.errorChan.on(({ error }) => errors.push(error.message));
  const handler = wrapStepFn(chat, {
    state,
    server,
    input: ({ data }: { readonly id: string; readonly data: unknown }) => data as { text: string },
    metrics: { observe: (type, data) => heard.push([type, data]) },
    log: (data) => heard.push(data),
    clock: { now: () => 7 },
  });
  return { server, client, idle, state, heard, errors, handler };
}

describe("wrapStepFn", () => {
  it("binds a step to a router: state, push, reply, refusal, metrics and log", async () => {
    const { server, client, idle, state, heard, errors, handler } = setting();
    startRouter(server, { "chat/say": handler });
    const ann = client("ann");
    const pushed: unknown[] = [];
    ann.chRecv.on("chat/message", ({ data }) => pushed.push(data));
    expect(await ann.requestFn(["chat/say", { text: "hi" }])).toBe(1);
    const refused = await ann.requestFn(["chat/say", { text: "" }]).catch((error: ReplyError) => error);
    expect(refused).toMatchObject({ code: "empty", data: { text: "" } });
    await idle();
    expect([pushed, heard, state.get()]).toEqual([
      [{ text: "hi", at: 7 }],
      [["metrics", { processed: 1 }], "said: hi"],
      { count: 1 },
    ]);
    await expect(ann.requestFn(["chat/say", { text: "crash" }])).rejects.toMatchObject({ code: "error" });
    expect([errors, state.get()]).toEqual([["crashed"], { count: 1 }]);
  });

  it("binds a step to a receiver, too", async () => {
    const { server, client, handler } = setting();
    server.chRecv.on("chat/say", handler);
    const ann = client("ann");
    expect(await ann.requestFn(["chat/say", { text: "hi" }])).toBe(1);
    await expect(ann.requestFn(["chat/say", { text: "" }])).rejects.toMatchObject({ code: "empty" });
  });

  it("pushes to a user, and from a client sends", async () => {
    const { server, client, idle } = setting();
    const got: unknown[] = [];
    const state = createState(0);
    server.chRecv.on(
      "a/ask",
      wrapStepFn(() => ({ outputs: [{ type: "push", to: "ann", event: ["a/told"] }] }), { state, server }),
    );
    server.chRecv.on("a/thanks", ({ uid }) => got.push(uid));
    const ann = client("ann");
    ann.chRecv.on(
      "a/told",
      wrapStepFn((n: number) => ({ state: n + 1, outputs: [{ type: "send", event: ["a/thanks"] }] }), {
        state,
        client: ann,
      }),
    );
    ann.sendFn(["a/ask"]);
    await idle();
    expect([got, state.get()]).toEqual([["ann"], 1]);
  });

  it("carries out every output, though one fails, and throws the first error then", () => {
    const done: string[] = [];
    const handler = wrapStepFn(() => ({ outputs: [{ type: "odd" }, { type: "mine" }, { type: "ui-update" }] }), {
      state: createState(0),
      outputs: { mine: () => done.push("mine") },
    });
    expect(() => handler({ id: "a/b" })).toThrow('nothing carries out the output "odd"');
    expect(done).toEqual(["mine"]);
  });
});

describe("a state cell", () => {
  it("tells its subscribers of each change, and of nothing else", () => {
    const cell = createState({ n: 0 });
    const seen: unknown[] = [];
    const off = cell.subscribe((next, previous) => seen.push([previous.n, next.n]));
    cell.set({ n: 1 });
    cell.set(cell.get());
    off();
    cell.set({ n: 2 });
    expect([seen, cell.get()]).toEqual([[[0, 1]], { n: 2 }]);
  });
});

it("lets an application's output go before the standard one of its name", () => {
  const lines: unknown[] = [];
  const interpret = createInterpreter({ log: () => lines.push("standard"), outputs: { log: () => lines.push("own") } });
  interpret({ type: "log", data: 1 } as never, { at: 0, port: "in", origin: undefined });
  expect(lines).toEqual(["own"]);
});
