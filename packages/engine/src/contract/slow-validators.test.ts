import { defineContract, event, type StandardSchema } from "@sente-lite/protocol";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { startRouter } from "../router.ts";
import { setting } from "../testing/setting.test-support.ts";

const failureOf = (asked: Promise<unknown>) => asked.catch((error: unknown) => error);

/** A validator that ends when it is told to. */
function slowSchema<T>() {
  const waiting: { readonly value: unknown; readonly pass: () => void; readonly fail: (error: unknown) => void }[] = [];
  const schema: StandardSchema<T> = {
    "~standard": {
      version: 1,
      vendor: "test",
      validate: (value) =>
        new Promise((resolve, reject) => {
          waiting.push({ value, pass: () => resolve({ value: value as T }), fail: reject });
        }),
    },
  };
  return { schema, waiting };
}

describe("a validator that takes its time", () => {
  it("does not change the order of a connection's events, nor hold up another connection", async () => {
    const { schema, waiting } = slowSchema<string>();
    const contract = defineContract({
      toServer: { "a/slow": event({ data: schema }), "a/fast": event<string>(), "a/none": event() },
    });
    const { server, tab, idle } = setting({ contract });
    const got: unknown[] = [];
    server.chRecv.on("*", ({ uid, id, data }) => {
      if (!id.startsWith("chsk/")) got.push([uid, id, data]);
    });
    const ann = tab("ann", { contract }).client;
    const bob = tab("bob", { contract }).client;
    ann.sendFn(["a/slow", "1"]);
    ann.sendFn(["a/fast", "2"]);
    ann.sendFn(["a/slow", "3"]);
    ann.sendFn(["a/none"]);
    bob.sendFn(["a/fast", "4"]);
    await idle();
    expect(got).toEqual([["bob", "a/fast", "4"]]);
    expect(waiting.map(({ value }) => value)).toEqual(["1"]);
    waiting[0]?.pass();
    await idle();
    expect(got.slice(1)).toEqual([
      ["ann", "a/slow", "1"],
      ["ann", "a/fast", "2"],
    ]);
    waiting[1]?.pass();
    await idle();
    expect(got.slice(3)).toEqual([
      ["ann", "a/slow", "3"],
      ["ann", "a/none", undefined],
    ]);
  });

  it("refuses the event where it fails, and tells the peer nothing of why", async () => {
    const { schema, waiting } = slowSchema<string>();
    const { tab, idle, server } = setting({
      contract: defineContract({ toServer: { "a/slow": event({ data: schema, reply: z.string() }) } }),
    });
    const causes: unknown[] = [];
    server.errorChan.on(({ error }) => causes.push(error.cause));
    const asked = failureOf(tab("ann").client.requestFn(["a/slow", "1"]));
    await idle();
    const cause = new Error("the database at 10.0.0.1 is gone");
    waiting[0]?.fail(cause);
    await idle();
    expect(await asked).toMatchObject({ code: "invalid-data", message: "a/slow: data could not be checked" });
    expect(causes).toEqual([cause]);
  });

  it("is treated the same where it throws at once", async () => {
    const schema: StandardSchema<string> = {
      "~standard": {
        version: 1,
        vendor: "test",
        validate: () => {
          throw new Error("no");
        },
      },
    };
    const { tab, idle } = setting({ contract: defineContract({ toServer: { "a/b": event({ data: schema }) } }) });
    const asked = failureOf(tab("ann").client.requestFn(["a/b", "1"]));
    await idle();
    expect(await asked).toMatchObject({ code: "invalid-data" });
  });

  it("stops the reading of a connection that it lags behind, and closes it at the bound", async () => {
    const { schema, waiting } = slowSchema<number>();
    const contract = defineContract({ toServer: { "a/slow": event({ data: schema }) } });
    const { tab, idle, server } = setting({ contract, maxReceived: 100 });
    server.chRecv.on("*", () => {});
    const { client } = tab("ann", { contract });
    for (let n = 0; n < 101; n++) client.sendFn(["a/slow", n]);
    await idle();
    expect(client.state.get().open).toBe(true);
    client.sendFn(["a/slow", 101]);
    await idle();
    expect(client.state.get().lastWsClose).toMatchObject({ code: 4413 });
    expect(waiting).toHaveLength(1);
  });

  it("keeps a reply behind what was pushed before it", async () => {
    const { schema, waiting } = slowSchema<string>();
    const contract = defineContract({
      toServer: { "a/ask": event<void, string>() },
      toClient: { "a/push": event({ data: schema }) },
    });
    const { server, tab, idle } = setting();
    startRouter(server, {
      "a/ask": ({ uid }) => {
        server.sendFn(uid, ["a/push", "first"]);
        return "second";
      },
    });
    const { client } = tab("ann", { contract });
    const seen: unknown[] = [];
    client.chRecv.on("a/push", ({ data }) => seen.push(data));
    void client.requestFn(["a/ask"]).then((reply) => seen.push(reply));
    await idle();
    expect(seen).toEqual([]);
    waiting[0]?.pass();
    await idle();
    expect(seen).toEqual(["first", "second"]);
  });
});
