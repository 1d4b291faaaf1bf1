import { defineContract, event, ReplyError, type Room, type RoomMessage } from "@sente-lite/protocol";
import { describe, expect, it } from "vitest";
import { setting } from "../../testing/setting.test-support.ts";

const open = { joinFn: () => true, sendFn: () => true };

/** What a room brought: the data of its events. */
function kept(room: Room): unknown[] {
  const got: unknown[] = [];
  room.chRecv.on("*", (message: RoomMessage) => got.push(message.data));
  return got;
}

describe("a room", () => {
  it("brings what is sent into it to who is in it, and to nobody else", async () => {
    const { server, tab, idle } = setting({ rooms: { "chat/*": open } });
    const [ann, bob, cy] = [tab("ann"), tab("bob"), tab("cy")];
    const got = [ann, bob].map(({ client }) => kept(client.room("chat/tea")));
    const other = kept(cy.client.room("chat/cake"));
    await idle();
    expect(server.sendFn({ room: "chat/tea" }, ["chat/said", 1])).toEqual({ connections: 2 });
    expect(bob.client.room("chat/tea").sendFn(["chat/said", 2])).toBe(true);
    await idle();
    expect([...got, other]).toEqual([[1, 2], [1, 2], []]);
    expect(ann.client.room("chat/tea")).toBe(ann.client.room("chat/tea"));
    expect([ann.got, server.metrics().rooms]).toEqual([[], 2]);
  });

  it("is joined before what is sent into it, also where neither can go out yet", async () => {
    const { server, tab, idle } = setting({ rooms: { lobby: open } });
    const { client } = tab("ann", { connect: false });
    const room = client.room("lobby");
    const got = kept(room);
    room.sendFn(["a/x", 1]);
    client.chsk.connect();
    await idle();
    expect([got, room.state.get().status, server.metrics().rooms]).toEqual([[1], "joined", 1]);
  });

  it("tells a client whose server has none, and nothing of it goes out", async () => {
    const { server, tab, idle } = setting();
    const { client } = tab("ann", { connect: false });
    const codes: unknown[] = [];
    client.errorChan.on(({ error }) => codes.push((error as { code?: string }).code));
    const [early, room] = [client.room("early"), client.room("lobby")];
    early.sendFn(["a/x", 1]);
    client.chsk.connect();
    await idle();
    expect([early, room].map(({ state }) => state.get())).toMatchObject([
      { status: "refused", code: "unsupported" },
      { status: "refused", code: "unsupported" },
    ]);
    expect([codes, server.metrics().badEvents]).toEqual([["undelivered", "undelivered"], 0]);
  });

  it("tells who sent an event, and leaves out whom its sender left out", async () => {
    const { server, tab, idle } = setting({ rooms: { lobby: open } });
    const [ann, bob] = [tab("ann").client.room("lobby"), tab("bob").client.room("lobby")];
    const uids: unknown[] = [];
    ann.chRecv.on("*", ({ uid, room, position }) => uids.push([uid, room, position]));
    const got = kept(bob);
    await idle();
    bob.sendFn(["a/x"]);
    await idle();
    server.sendFn({ room: "lobby" }, ["a/y", 5], { except: "bob" });
    await idle();
    expect(uids).toEqual([
      ["bob", "lobby", null],
      [undefined, "lobby", null],
    ]);
    expect(got).toEqual([undefined]);
  });

  it("lets nobody in by default, and refuses with the application's own code", async () => {
    const { tab, idle, errors } = setting({
      rooms: {
        shut: {},
        later: { joinFn: async () => new ReplyError("members-only", { message: "ask ann" }) },
        broken: {
          joinFn: () => {
            throw new Error("the database is down");
          },
        },
      },
    });
    const { client } = tab("ann");
    const rooms = ["shut", "later", "broken", "nowhere"].map((name) => client.room(name));
    await idle();
    expect(rooms.map(({ state }) => state.get())).toMatchObject([
      { status: "refused", code: "refused" },
      { status: "refused", code: "members-only", message: "ask ann" },
      { status: "refused", code: "refused" },
      { status: "refused", code: "unknown-room" },
    ]);
    expect(errors).toEqual(["the database is down"]);
  });

  it("takes nothing of a client that may not send, and tells it so", async () => {
    const { server, tab, idle } = setting({ rooms: { lobby: { joinFn: () => true } } });
    const { client } = tab("ann");
    const codes: unknown[] = [];
    client.errorChan.on(({ error }) => codes.push((error as { code?: string }).code));
    const room = client.room("lobby");
    const got = kept(room);
    room.sendFn(["a/x"]);
    await idle();
    server.sendFn({ room: "lobby" }, ["a/y", 1]);
    await idle();
    expect([codes, got]).toEqual([["refused"], [1]]);
  });

  it("outlives the socket of its members, and ends with their session", async () => {
    const { server, tab, idle, clock, cut } = setting({ rooms: { lobby: open }, sessionWindowMs: 60_000 });
    const { client } = tab("ann");
    const got = kept(client.room("lobby"));
    await idle();
    const members = () => [...server.room("lobby").members.get()];
    cut();
    await idle();
    server.sendFn({ room: "lobby" }, ["a/x", 1]);
    expect(members()).toEqual(["ann"]);
    await clock.advance(1_000);
    expect(got).toEqual([1]);
    client.chsk.disconnect();
    await idle();
    expect([members(), server.metrics().rooms]).toEqual([[], 0]);
  });

  it("is joined again by itself after a lost session, with what came meanwhile where it has a history", async () => {
    const { server, tab, idle, clock } = setting({ rooms: { kept: { ...open, history: {} }, passing: open } });
    const { client } = tab("ann", { reconnectBaseMs: 100, reconnectCapMs: 100 });
    const [room, passing] = [client.room("kept"), client.room("passing")];
    const [got, lost] = [kept(room), kept(passing)];
    await idle();
    const send = (n: number) => ["kept", "passing"].map((name) => server.sendFn({ room: name }, ["a/n", n]));
    send(1);
    await idle();
    server.disconnectFn("ann");
    send(2);
    send(3);
    await clock.advance(2_000);
    send(4);
    await idle();
    expect([got, lost]).toEqual([
      [1, 2, 3, 4],
      [1, 4],
    ]);
    expect([room.state.get().recovered, passing.state.get().recovered]).toEqual([true, false]);
  });

  it("says that something is missing where its history does not reach back, and goes on from there", async () => {
    const { server, tab, idle, clock } = setting({ rooms: { kept: { ...open, history: { size: 2 } } } });
    const { client } = tab("ann", { reconnectBaseMs: 100, reconnectCapMs: 100 });
    const room = client.room("kept");
    const got = kept(room);
    await idle();
    server.disconnectFn("ann");
    for (let n = 1; n <= 3; n++) server.sendFn({ room: "kept" }, ["a/n", n]);
    await clock.advance(2_000);
    expect([room.state.get().recovered, got]).toEqual([false, []]);
    server.sendFn({ room: "kept" }, ["a/n", 4]);
    await idle();
    expect([got, room.position()?.offset]).toEqual([[4], 4]);
  });

  it("goes on from a position that a page was rendered with", async () => {
    const { server, tab, idle } = setting({ rooms: { kept: { ...open, history: {} } } });
    for (let n = 1; n <= 3; n++) server.sendFn({ room: "kept" }, ["a/n", n]);
    const { entries, position } = await server.room("kept").history({ limit: 2 });
    expect(entries.map(({ data }) => data)).toEqual([2, 3]);
    server.sendFn({ room: "kept" }, ["a/n", 4]);
    const room = tab("ann").client.room("kept", { since: JSON.parse(JSON.stringify(position)) });
    const got = kept(room);
    await idle();
    server.sendFn({ room: "kept" }, ["a/n", 5]);
    await idle();
    expect([got, room.state.get()]).toEqual([[4, 5], { status: "joined", code: null, message: null, recovered: true }]);
    const page = await room.history({ limit: 2, before: { ...position, offset: 4 } });
    expect([page.entries.map(({ data }) => data), page.isComplete]).toEqual([[2, 3], false]);
  });

  it("goes on, and says so, where an event has no form in the codec of a client", async () => {
    const { server, tab, idle, errors } = setting({ rooms: { kept: { ...open, history: {} } } });
    const room = tab("ann").client.room("kept");
    const got = kept(room);
    await idle();
    for (const n of [1, Number.NaN, 3]) {
      server.sendFn({ room: "kept" }, ["a/n", n]);
      await idle();
    }
    expect([got, room.state.get().recovered, room.position()?.offset]).toEqual([[1, 3], false, 3]);
    expect(errors).toHaveLength(2);
  });

  it("has no hole for whom an event was left out", async () => {
    const { server, tab, idle, clock } = setting({ rooms: { kept: { ...open, history: {} } } });
    const { client } = tab("bob", { reconnectBaseMs: 100, reconnectCapMs: 100 });
    const room = client.room("kept");
    const got = kept(room);
    await idle();
    server.sendFn({ room: "kept" }, ["a/n", 1], { except: "bob" });
    server.sendFn({ room: "kept" }, ["a/n", 2]);
    await idle();
    server.disconnectFn("bob");
    server.sendFn({ room: "kept" }, ["a/n", 3], { except: ["bob"] });
    server.sendFn({ room: "kept" }, ["a/n", 4]);
    await clock.advance(2_000);
    expect([got, room.position()?.offset, room.state.get().recovered]).toEqual([[2, 4], 4, true]);
    expect((await room.history()).entries.map(({ data }) => data)).toEqual([2, 4]);
  });

  it("is left: nothing comes any more, of what was sent before either", async () => {
    const { server, tab, idle } = setting({ rooms: { lobby: open } });
    const { client } = tab("ann");
    const room = client.room("lobby");
    const got = kept(room);
    await idle();
    server.sendFn({ room: "lobby" }, ["a/x", 1]);
    room.leave();
    await idle();
    expect(server.sendFn({ room: "lobby" }, ["a/x", 2])).toEqual({ connections: 0 });
    await idle();
    expect([got, room.state.get().status]).toEqual([[], "left"]);
    expect(() => room.sendFn(["a/x"])).toThrow(expect.objectContaining({ code: "room-left" }));
    const again = kept(client.room("lobby"));
    await idle();
    server.sendFn({ room: "lobby" }, ["a/x", 3]);
    await idle();
    expect([got, again]).toEqual([[], [3]]);
  });

  it("tells its members who they are, over several tabs of one user once", async () => {
    const { server, tab, idle, clock } = setting({ rooms: { lobby: { ...open, members: true } } });
    const seen: unknown[] = [];
    server.room("lobby").members.subscribe((next, previous) => seen.push([[...next], [...previous]]));
    const ann = tab("ann").client.room("lobby");
    await idle();
    const told: unknown[] = [];
    ann.members.subscribe(({ uids, count, isComplete }) => told.push([[...uids], count, isComplete]));
    const [first, second] = [tab("bob").client, tab("bob").client];
    for (const client of [first, second]) client.room("lobby");
    await clock.advance(200);
    first.close();
    await clock.advance(200);
    second.close();
    await clock.advance(200);
    expect(told).toEqual([
      [["ann", "bob"], 2, true],
      [["ann"], 1, true],
    ]);
    expect(seen).toEqual([
      [["ann"], []],
      [["ann", "bob"], ["ann"]],
      [["ann"], ["ann", "bob"]],
    ]);
  });

  it("is joined and left as the server says, without its joinFn", async () => {
    const { server, tab, idle } = setting({ rooms: { "team/*": {} } });
    const { client, got } = tab("ann");
    await idle();
    expect(server.joinFn("ann", "team/a")).toEqual({ connections: 1 });
    expect(server.joinFn("ann", "team/a")).toEqual({ connections: 0 });
    server.sendFn({ room: "team/a" }, ["a/x", 1]);
    await idle();
    // Nobody asked for it: it comes as to a peer that knows no rooms.
    expect(got).toEqual([["a/x", 1]]);
    const room = client.room("team/a");
    const inRoom = kept(room);
    await idle();
    server.sendFn({ room: "team/a" }, ["a/x", 2]);
    await idle();
    expect([room.state.get().status, inRoom, got]).toEqual(["joined", [2], [["a/x", 1]]]);
    expect(server.leaveFn("ann", "team/a")).toEqual({ connections: 1 });
    await idle();
    expect(room.state.get()).toMatchObject({ status: "left", code: "put-out" });
  });

  it("holds for a user's later connections where it is asked to, until it is left", async () => {
    const { server, tab, idle } = setting({ rooms: { "team/*": {} } });
    server.joinFn("ann", "team/a", { lasting: true });
    const { got } = tab("ann");
    await idle();
    expect(server.sendFn({ room: "team/a" }, ["a/x", 1])).toEqual({ connections: 1 });
    server.leaveFn("ann", "team/a");
    tab("ann");
    await idle();
    expect(server.sendFn({ room: "team/a" }, ["a/x", 2])).toEqual({ connections: 0 });
    expect(got).toEqual([["a/x", 1]]);
    expect(() => server.joinFn({ uid: "ann", clientId: "x" }, "team/a", { lasting: true })).toThrow("lasting");
  });

  it("is one of as many as a connection may be in, and the server may have", async () => {
    const { tab, idle } = setting({ rooms: { "*": open }, maxRoomsPerConnection: 2, maxRooms: 3 });
    const codes = (uid: string, names: readonly string[]) => {
      const { client } = tab(uid);
      const rooms = names.map((name) => client.room(name));
      return () => rooms.map(({ state }) => state.get().code);
    };
    const ann = codes("ann", ["a", "b", "c"]);
    await idle();
    const bob = codes("bob", ["c", "d"]);
    await idle();
    expect([ann(), bob()]).toEqual([
      [null, null, "too-many-rooms"],
      [null, "rooms-full"],
    ]);
  });

  it("keeps its positions while somebody is in it, however many other rooms had a history since", async () => {
    const { server, tab, idle } = setting({ rooms: { "*": { ...open, history: { size: 5 } } }, maxRooms: 2 });
    const { client } = tab("ann");
    const room = client.room("a");
    const got = kept(room);
    await idle();
    for (const n of [1, 2, 3]) server.sendFn({ room: "a" }, ["a/x", n]);
    for (const other of ["b", "c", "d", "e"]) server.sendFn({ room: other }, ["a/x", other]);
    for (const n of [4, 5]) server.sendFn({ room: "a" }, ["a/x", n]);
    await idle();
    expect(got).toEqual([1, 2, 3, 4, 5]);
    const position = room.position();
    expect(position?.offset).toBe(5);
    // Nobody is in it any more: the others take its place, and who comes back is told.
    room.leave();
    await idle();
    for (const other of ["f", "g"]) server.sendFn({ room: other }, ["a/x", other]);
    const again = client.room("a", position === null ? {} : { since: position });
    await idle();
    expect(again.state.get()).toMatchObject({ status: "joined", recovered: false });
  });

  it("has its place and its history, however many others there are, where it is named in full", async () => {
    const history = { size: 5 };
    const { server, tab, idle } = setting({
      rooms: { lobby: { ...open, history }, "*": { ...open, history } },
      maxRooms: 2,
    });
    server.sendFn({ room: "lobby" }, ["a/x", 1]);
    const { client } = tab("ann");
    const others = ["a", "b", "c"].map((name) => client.room(name));
    for (const name of ["d", "e", "f", "g"]) server.sendFn({ room: name }, ["a/x", name]);
    await idle();
    expect(others.map((room) => room.state.get().status)).toEqual(["joined", "joined", "refused"]);
    const lobby = tab("bob").client.room("lobby");
    await idle();
    expect([lobby.state.get().status, (await lobby.history()).entries.length]).toEqual(["joined", 1]);
    const late = tab("cid").client.room("z");
    await idle();
    expect(late.state.get().code).toBe("rooms-full");
  });

  it("brings what its contract says, and refuses the rest on both sides", async () => {
    const contract = defineContract({ rooms: { "chat/*": { "chat/said": event<{ text: string }>() } } });
    const { server, tab, idle } = setting({ contract, rooms: { "chat/*": open } });
    const { client } = tab("ann", { contract });
    const room = client.room("chat/tea");
    const texts: string[] = [];
    room.chRecv.on("chat/said", ({ data }) => texts.push(data.text));
    await idle();
    server.sendFn({ room: "chat/tea" }, ["chat/said", { text: "hi" }]);
    room.sendFn(["chat/said", { text: "ho" }]);
    await idle();
    expect(texts).toEqual(["hi", "ho"]);
    const notInContract = expect.objectContaining({ code: "not-in-contract" });
    expect(() => room.sendFn(["chat/other" as "chat/said", { text: "" }])).toThrow(notInContract);
    expect(() => server.sendFn({ room: "chat/tea" }, ["chat/other" as "chat/said", { text: "" }])).toThrow(
      notInContract,
    );
  });

  it("is nothing to be guessed: misspelt options name the nearest, and rooms of no pattern are refused", () => {
    const code = (wanted: string) => expect.objectContaining({ name: "UsageError", code: wanted });
    expect(() => setting({ rooms: { a: { joinFN: () => true } as never } })).toThrow('did you mean "joinFn"?');
    expect(() => setting({ rooms: { a: { history: { sizes: 3 } as never } } })).toThrow('did you mean "size"?');
    expect(() => setting({ rooms: { "a*b": {} } })).toThrow(code("bad-room-pattern"));
    const { server, tab } = setting({ rooms: { "chat/*": {} } });
    expect(() => server.room("other")).toThrow(code("unknown-room"));
    expect(() => server.sendFn({ room: "other" }, ["a/x"])).toThrow(code("unknown-room"));
    expect(() => server.sendFn({ rooms: "chat/a" } as never, ["a/x"])).toThrow(code("unknown-option"));
    expect(() => tab("ann").client.room("chat/*")).toThrow(code("bad-room"));
    expect(() => tab("ann").client.room("chat/a", { sinec: null } as never)).toThrow('did you mean "since"?');
  });
});
