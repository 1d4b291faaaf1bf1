import { describe, expect, it } from "vitest";
import { z } from "zod";
import { defineContract, event } from "./contract.ts";

const usageError = (code: string) => expect.objectContaining({ name: "UsageError", code });

describe("a contract", () => {
  it("holds the validators of its events, and nothing of their types", () => {
    const data = z.string();
    const reply = z.number();
    const chat = defineContract({
      toServer: { "chat/send": event({ data, reply }), "chat/typed": event<string, number>() },
    });
    expect(chat).toEqual({
      toServer: { "chat/send": { data, reply }, "chat/typed": { data: undefined, reply: undefined } },
      toClient: {},
      rooms: {},
    });
  });

  it("cannot be changed afterwards", () => {
    const toServer = { "chat/send": event() };
    const chat = defineContract({ toServer });
    Object.assign(toServer, { "chat/late": event() });
    expect(Object.keys(chat.toServer)).toEqual(["chat/send"]);
    expect([chat, chat.toServer, chat.toClient].every(Object.isFrozen)).toBe(true);
  });

  it("refuses ids that no event can have, also where no compiler looked", () => {
    const withId = (id: string) => () => defineContract({ toClient: { [id]: event() } });
    expect(withId("send")).toThrow(usageError("bad-event-id"));
    expect(withId("chat/")).toThrow(usageError("bad-event-id"));
    expect(withId("/send")).toThrow(usageError("bad-event-id"));
    expect(withId("chsk/ping")).toThrow(usageError("reserved-event-id"));
  });

  it("refuses what event() did not make, and validators that are none", () => {
    const withEvent = (spec: unknown) => () => defineContract({ toServer: { "chat/send": spec as never } });
    for (const spec of [undefined, null, "text", {}, z.string()]) {
      expect(withEvent(spec)).toThrow(usageError("bad-contract"));
    }
    expect(() => event({ data: {} as never })).toThrow(usageError("bad-contract"));
    expect(() => event({ reply: "text" as never })).toThrow(usageError("bad-contract"));
  });
});
