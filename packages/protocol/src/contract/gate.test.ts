import { expect, it } from "vitest";
import type { StandardSchema } from "../standard-schema.ts";
import { defineContract, event } from "./contract.ts";
import { Gate } from "./gate.ts";

const even: StandardSchema<number> = {
  "~standard": {
    version: 1,
    vendor: "test",
    validate: (given) => ((given as number) % 2 === 0 ? { value: Number(given) } : { issues: [{ message: "odd" }] }),
  },
};
const later: StandardSchema<number> = {
  "~standard": { version: 1, vendor: "test", validate: async (given) => ({ value: Number(given) + 1 }) },
};
const { toServer } = defineContract({
  toServer: { "a/even": event({ data: even, reply: even }), "a/later": event({ data: later }), "a/any": event() },
});
const gate = new Gate(toServer, toServer, () => toServer);

it("judges an event at once, and with a promise only where its validator takes its time", async () => {
  expect(gate.event(["a/even", 2])).toEqual({ ok: true, value: 2 });
  expect(gate.event(["a/even", 1])).toMatchObject({ ok: false, error: { code: "invalid-data" } });
  expect(gate.event(["a/other"])).toMatchObject({ ok: false, error: { code: "not-in-contract" } });
  expect(gate.event(["a/any"])).toEqual({ ok: true, value: undefined });
  const promised = gate.event(["a/later", 1]);
  expect(promised).toBeInstanceOf(Promise);
  expect(await promised).toEqual({ ok: true, value: 2 });
});

it("judges no event of the protocol, and replies by what was asked", () => {
  expect(gate.event(["chsk/ws-ping"])).toMatchObject({ ok: true });
  expect(gate.reply("a/even", 4)).toEqual({ ok: true, value: 4 });
  expect(gate.reply("a/even", 5)).toMatchObject({ ok: false, error: { code: "invalid-reply" } });
  expect(gate.reply("a/later", "whatever")).toEqual({ ok: true, value: "whatever" });
});
