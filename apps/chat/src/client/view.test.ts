import { describe, expect, it } from "vitest";
import type { Message } from "../domain/events.ts";
import { initialView, talkIn, type View, type ViewInput, viewStep } from "./view.ts";

const me = "u-me";
const message = (id: string, at: number, uid = "u-ann"): Message => ({
  id,
  uid,
  name: uid.slice(2),
  runtime: "browser",
  text: id,
  at,
});
const joined = (history: readonly Message[]): ViewInput => ({ type: "joined", me, room: "lobby", history });
const members = (...uids: string[]): ViewInput => ({ type: "members", room: "lobby", uids: new Set(uids) });
const person = (uid: string, name: string): ViewInput => ({
  type: "person",
  person: { uid, name, runtimes: ["node"] },
});
const arrived = (one: Message): ViewInput => ({ type: "message", room: "lobby", message: one, me });
const shown = (view: View) =>
  talkIn(view, "lobby").entries.map(({ id, own, status }) => `${id}${own ? " own" : ""} ${status}`);
const after = (...inputs: ViewInput[]) => inputs.reduce(viewStep, initialView("lobby"));

describe("the view", () => {
  it("shows a message once, however often it comes", () => {
    const view = after(
      joined([message("a", 1)]),
      arrived(message("a", 1)),
      arrived(message("b", 2)),
      joined([message("b", 2)]),
    );
    expect(shown(view)).toEqual(["a delivered", "b delivered"]);
  });

  it("shows two senders' messages that have the same id", () => {
    expect(shown(after(arrived(message("a", 1)), arrived(message("a", 1, "u-bob"))))).toHaveLength(2);
  });

  it("keeps what it has shown when a server comes back without a history", () => {
    const view = after(joined([message("a", 1)]), joined([]), arrived(message("b", 2)));
    expect(shown(view)).toEqual(["a delivered", "b delivered"]);
  });

  it("puts what was missed where it belongs", () => {
    const view = after(arrived(message("a", 1)), arrived(message("c", 3)), joined([message("b", 2)]));
    expect(shown(view)).toEqual(["a delivered", "b delivered", "c delivered"]);
  });

  it("follows an own message from sending to delivered, whether the push or the reply comes first", () => {
    const sending = after({ type: "sending", room: "lobby", message: message("a", 1, me) });
    expect(shown(sending)).toEqual(["a own sending"]);
    const pushed = viewStep(sending, arrived(message("a", 2, me)));
    expect(shown(pushed)).toEqual(["a own delivered"]);
    expect(shown(viewStep(pushed, { type: "failed", room: "lobby", id: "a", reason: "timeout" }))).toEqual([
      "a own delivered",
    ]);
  });

  it("follows it from failed to sending again", () => {
    const sending: ViewInput = { type: "sending", room: "lobby", message: message("a", 1, me) };
    const failed: ViewInput = { type: "failed", room: "lobby", id: "a", reason: "timeout" };
    expect(shown(after(sending, failed))).toEqual(["a own failed"]);
    expect(shown(after(sending, failed, sending))).toEqual(["a own sending"]);
  });

  it("shows as own what the same user wrote in another tab", () => {
    expect(shown(after(arrived(message("a", 1, me))))).toEqual(["a own delivered"]);
  });

  it("keeps who is here, by the names of whom it knows", () => {
    const view = after(
      person("u-ann", "ann"),
      members(me, "u-ann", "u-bob"),
      person(me, "me"),
      person("u-ann", "anna"),
    );
    expect(talkIn(view, "lobby").people.map(({ name }) => name)).toEqual(["me", "anna"]);
    const next = [members("u-ann", "u-bob"), person("u-bob", "bob"), person("u-cy", "cy")].reduce(viewStep, view);
    expect(talkIn(next, "lobby").people.map(({ name }) => name)).toEqual(["anna", "bob"]);
    expect(talkIn(viewStep(next, person("u-cy", "cyd")), "lobby").people).toBe(talkIn(next, "lobby").people);
    const welcome = { people: [{ uid: "u-bob", name: "b", runtimes: [] }], rooms: [] };
    const anew = viewStep(next, { type: "welcome", welcome });
    expect(talkIn(anew, "lobby").people.map(({ name }) => name)).toEqual(["b"]);
  });

  it("holds what one of several servers told over what another, which has not heard of it yet, welcomes with", () => {
    const at = (uid: string, node: string) => ({ uid, name: uid, runtimes: [], node });
    const told = (one: ReturnType<typeof at>): ViewInput => ({ type: "person", person: one });
    const welcome: ViewInput = { type: "welcome", welcome: { people: [at("u-ann", "node-1")], rooms: [] } };
    const nodes = (...inputs: ViewInput[]) =>
      [...after(...inputs).people.values()].map(({ uid, node }) => `${uid} ${node}`).sort();
    expect(nodes(told(at("u-ann", "bun-2")), told(at("u-bob", "bun-2")), welcome)).toEqual([
      "u-ann bun-2",
      "u-bob bun-2",
    ]);
    // In another session it may have missed what came after.
    expect(nodes(told(at("u-ann", "bun-2")), { type: "session" }, welcome)).toEqual(["u-ann node-1"]);
  });

  it("knows a bounded number of people", () => {
    expect(after(...Array.from({ length: 1_100 }, (_, i) => person(`u${i}`, "x"))).people.size).toBe(1_000);
  });

  it("keeps a message as it came first, though it was sent twice", () => {
    const view = after(arrived(message("a", 1)), arrived(message("b", 2)), arrived(message("a", 3)));
    expect(talkIn(view, "lobby").entries.map(({ id, at }) => `${id} ${at}`)).toEqual(["a 1", "b 2"]);
  });

  it("keeps a bounded number of messages", () => {
    const view = after(...Array.from({ length: 600 }, (_, i) => arrived(message(`m${i}`, i))));
    expect(shown(view)).toHaveLength(500);
    expect(shown(view)[0]).toBe("m100 delivered");
  });

  it("counts what is said in rooms where we are not, since we heard of them or left them", () => {
    const rooms = (lobby: number, garden: number): ViewInput => ({
      type: "rooms",
      rooms: [
        { name: "lobby", people: 1, said: lobby },
        { name: "garden", people: 1, said: garden },
      ],
    });
    const said = (room: string, count: number): ViewInput => ({ type: "said", room, said: count });
    const first = after(rooms(7, 30));
    expect(first.unread).toEqual(new Map());
    const later = [said("lobby", 8), said("garden", 32)].reduce(viewStep, first);
    expect(later.unread).toEqual(new Map([["garden", 2]]));
    const moved = viewStep(later, { type: "entering", room: "garden" });
    expect(moved.unread).toEqual(new Map());
    expect(viewStep(moved, rooms(11, 33)).unread).toEqual(new Map([["lobby", 3]]));
    // The server forgot everything.
    const anew = viewStep(moved, rooms(0, 0));
    expect(viewStep(anew, said("lobby", 1)).unread).toEqual(new Map([["lobby", 1]]));
  });

  it("does not count as unread what one said oneself in another tab, or before one went to another room", () => {
    const lobby = (said: number): ViewInput => ({ type: "rooms", rooms: [{ name: "lobby", people: 1, said }] });
    const elsewhere = after(
      lobby(3),
      { type: "sending", room: "lobby", message: message("a", 1, me) },
      { type: "entering", room: "garden" },
    );
    const view = [
      arrived(message("a", 1, me)),
      arrived(message("a", 1, me)),
      lobby(4),
      arrived(message("b", 2, me)),
      lobby(5),
    ].reduce(viewStep, elsewhere);
    expect(view.unread).toEqual(new Map());
    expect(viewStep(view, lobby(6)).unread).toEqual(new Map([["lobby", 1]]));
  });

  it("keeps nobody as writing who went, or of whom it does not know", () => {
    const writes: ViewInput = { type: "typing", room: "lobby", uid: "u-ann" };
    expect(talkIn(after(members("u-ann"), writes), "lobby").typing).toEqual([]);
    const view = after(members("u-ann"), person("u-ann", "ann"), writes);
    expect(talkIn(view, "lobby").typing).toMatchObject([{ uid: "u-ann", name: "ann" }]);
    expect(talkIn(viewStep(view, members()), "lobby").typing).toEqual([]);
  });
});
