import { beforeEach, describe, expect, it } from "vitest";
import { edn } from "../codecs/edn/index.ts";
import { json } from "../codecs/json/index.ts";
import { serverDefaults } from "../limits.ts";
import { baselineFeatures, noFeatures } from "../wire/features.ts";
import { Batch } from "./batch.ts";
import { ServerSession } from "./server-session.ts";
import { type Arrival, type SessionHolder, SessionTable } from "./session-table.ts";

const user = (uid: string) => ({ key: `user ${uid}`, isUser: true });
const address = (at: string) => ({ key: `address ${at}`, isUser: false });
const arrival = (more: Partial<Arrival> = {}): Arrival => ({
  uid: "ann",
  clientId: "c1",
  codec: json,
  form: "wrapped",
  features: baselineFeatures,
  attempt: 1,
  instance: "i1",
  owner: user("ann"),
  named: undefined,
  ...more,
});

let table: SessionTable<SessionHolder>;
let ids: number;
beforeEach(() => {
  table = new SessionTable({ maxAwaySessions: 2, maxAwayBytes: 100 });
  ids = 0;
});

/** A session that began with that arrival; its client confirms it unless told otherwise. */
const begun = (of: Arrival, confirm = true): SessionHolder => {
  const id = `s${++ids}`;
  const session = new ServerSession({
    codec: of.codec,
    form: of.form,
    features: baselineFeatures,
    limits: serverDefaults,
    root: Batch.root(),
    id,
  });
  const holder = { uid: of.uid, clientId: of.clientId, session };
  session.open({ uid: of.uid, csrfToken: null, data: null }, 0);
  table.add(holder, of);
  if (confirm) session.message([["chsk/ack", 0], null], 10, 0);
  return holder;
};
const naming = (holder: SessionHolder, received = 0) => ({ id: holder.session.id ?? "", received });

describe("finding a session (PROTOCOL.md section 6.4)", () => {
  it("goes by its id alone, and is only for who began it: whoever else names it does not touch it", () => {
    const holder = begun(arrival());
    const named = naming(holder);
    for (const other of [
      { uid: "bob" },
      { uid: null },
      { clientId: "c2" },
      { codec: edn },
      { form: "bare" as const },
      { features: noFeatures },
    ]) {
      const theirs = arrival({ attempt: 9_007_199_254_740_991, named, instance: undefined, ...other });
      expect(table.isStale(theirs)).toBe(false);
      expect(table.find(theirs)).toEqual({ resumed: undefined, ending: [] });
      expect(table.find({ ...theirs, named: naming(holder, 7) })).toEqual({ resumed: undefined, ending: [] });
    }
    const back = arrival({ attempt: 2, named });
    expect(table.isStale(back)).toBe(false);
    expect(table.find(back).resumed).toBe(holder);
  });

  it("ends a session that is resumed with a count which cannot be, and begins a new one", () => {
    const holder = begun(arrival());
    const admission = table.find(arrival({ attempt: 2, named: naming(holder, 7) }));
    expect(admission).toEqual({ resumed: undefined, ending: [{ holder, reason: "resumed in vain" }] });
  });

  it("knows nothing of an id that was made up, nor of a session that ended", () => {
    const holder = begun(arrival());
    holder.session.close(1000, "");
    table.remove(holder);
    for (const named of [naming(holder), { id: "made-up", received: 0 }, { id: "__proto__", received: 0 }]) {
      expect(table.find(arrival({ attempt: 2, named }))).toEqual({ resumed: undefined, ending: [] });
    }
  });

  it("ends no confirmed session where none is named: the client id is a label", () => {
    begun(arrival());
    expect(table.find(arrival())).toEqual({ resumed: undefined, ending: [] });
  });

  it("ends the unconfirmed session of the same client object, and of nobody that only calls itself the same", () => {
    const holder = begun(arrival(), false);
    const ending = [{ holder, reason: "never confirmed" }];
    expect(table.find(arrival({ attempt: 2 }))).toEqual({ resumed: undefined, ending });
    for (const other of [{ uid: "bob" }, { clientId: "c2" }, { instance: "i2" }, { instance: undefined }]) {
      expect(table.find(arrival({ attempt: 2, ...other })).ending).toEqual([]);
    }
    expect(table.find(arrival({ attempt: 1 })).ending).toEqual([]);
  });

  it("ends nothing for an arrival that tells no instance, whoever it says that it is", () => {
    begun(arrival({ instance: undefined }), false);
    expect(table.find(arrival({ attempt: 2, instance: undefined }))).toEqual({ resumed: undefined, ending: [] });
  });

  it("knows the last unconfirmed session of a client object, also when an earlier one ends", () => {
    const first = begun(arrival(), false);
    const second = begun(arrival({ attempt: 2 }), false);
    table.remove(first);
    const { ending } = table.find(arrival({ attempt: 3 }));
    expect(ending).toEqual([{ holder: second, reason: "never confirmed" }]);
  });

  it("ends an unconfirmed session that is named in vain once", () => {
    const holder = begun(arrival(), false);
    const { ending } = table.find(arrival({ attempt: 2, named: naming(holder, 7) }));
    expect(ending).toEqual([{ holder, reason: "resumed in vain" }]);
  });
});

describe("a session that ends (PROTOCOL.md section 6.5)", () => {
  it("reports what was pushed in the same turn too", () => {
    const { session } = begun(arrival());
    session.push(["s/last", 1]);
    session.close(4409, "resumed in vain");
    const outputs = [];
    for (let output = session.pollOutput(); output !== undefined; output = session.pollOutput()) outputs.push(output);
    expect(outputs.at(-1)).toMatchObject({ type: "ended", undelivered: [{ data: '[[["s/last",1]],null]' }] });
  });
});

describe("the order of attempts (PROTOCOL.md section 6.4)", () => {
  it("refuses an attempt that is not above the last one of the session", () => {
    const holder = begun(arrival({ attempt: 3 }));
    const named = naming(holder);
    expect([2, 3, 4].map((attempt) => table.isStale(arrival({ attempt, named })))).toEqual([true, true, false]);
    table.find(arrival({ attempt: 7, named }));
    expect([6, 7, 8].map((attempt) => table.isStale(arrival({ attempt, named })))).toEqual([true, true, false]);
  });

  it("refuses an attempt that is not above that of the client's unconfirmed session, and is free once it is confirmed", () => {
    const holder = begun(arrival({ attempt: 3 }), false);
    expect(table.isStale(arrival({ attempt: 2 }))).toBe(true);
    for (const other of [{ uid: "bob" }, { clientId: "c2" }, { instance: "i2" }, { instance: undefined }]) {
      expect(table.isStale(arrival({ attempt: 2, ...other }))).toBe(false);
    }
    holder.session.message([["chsk/ack", 0], null], 10, 0);
    expect(table.isStale(arrival({ attempt: 2 }))).toBe(false);
  });
});

describe("a namesake that confirms nothing (PROTOCOL.md section 6.4)", () => {
  it("does not keep a client from its own session, and is not ended by it", () => {
    const own = begun(arrival({ attempt: 3 }));
    const namesake = begun(arrival({ attempt: 900 }), false);
    const back = arrival({ attempt: 4, named: naming(own) });
    expect(table.isStale(back)).toBe(false);
    expect(table.find(back)).toEqual({ ending: [], resumed: own });
    const inVain = arrival({ attempt: 5, named: naming(own, 7) });
    expect(table.find(inVain).ending).toEqual([{ holder: own, reason: "resumed in vain" }]);
    expect(namesake.session.status).toBe("live");
  });
});

describe("bounds on what is away (PROTOCOL.md section 6.7)", () => {
  const away = (clientId: string, more: Partial<Arrival> = {}, confirm = true) => {
    const holder = begun(arrival({ clientId, ...more }), confirm);
    holder.session.closed(1006, "", 0);
    table.noteAway(holder);
    return holder;
  };
  const push = (holder: SessionHolder, bytes: number) => {
    holder.session.push(["s/much", "x".repeat(bytes)]);
    holder.session.flush();
    table.noteAway(holder);
  };

  it("give up of a user's sessions the one that has been away the longest", () => {
    const [first, second] = [away("c1"), away("c2")];
    expect(table.findExcess(second)).toBeUndefined();
    const third = away("c3");
    expect(table.findExcess(third)).toBe(first);
    table.remove(first);
    expect([table.findExcess(third), table.away]).toEqual([undefined, 2]);
    const fourth = away("c4");
    expect(table.findExcess(fourth)).toBe(second);
  });

  it("hold for bytes too, and count what comes while it is away", () => {
    const holder = away("c1");
    for (const bytes of [20, 200]) push(holder, bytes);
    expect(table.awayBytes).toBe(holder.session.heldBytes);
    expect(table.awayBytes).toBeGreaterThan(220);
    expect(table.findExcess(holder)).toBe(holder);
    table.noteReturn(holder);
    expect([table.awayBytes, table.away, table.findExcess(holder)]).toEqual([0, 0, undefined]);
    table.noteAway(holder);
    table.remove(holder);
    expect([table.awayBytes, table.away]).toEqual([0, 0]);
  });

  it("hold what their clients said as they connected, too", () => {
    const first = Object.assign(away("c1"), { requestBytes: 90 });
    table.noteAway(first);
    expect(table.findExcess(first)).toBeUndefined();
    const second = Object.assign(away("c2"), { requestBytes: 20 });
    table.noteAway(second);
    expect([table.awayBytes, table.findExcess(second)]).toEqual([110, first]);
  });

  it("give up sessions first whose client never said anything, the oldest of them, whoever has how many", () => {
    const silent = away("c1", { owner: user("bob") }, false);
    const own = away("c2");
    const newest = away("c3", { owner: user("bob") }, false);
    expect(table.findExcess(newest)).toBe(silent);
    table.remove(silent);
    table.noteReturn(newest);
    push(own, 200);
    table.noteAway(newest);
    expect(table.findExcess(own)).toBe(newest);
  });

  it("give up a session of whoever has the most, in number or bytes, and never one of somebody else", () => {
    const own = away("c1");
    const [first] = [away("m1", { owner: user("mallory") }), away("m2", { owner: user("mallory") })];
    expect(table.findExcess(own)).toBe(first);
    table.remove(first);
    const heavy = away("m3", { owner: user("mallory") });
    table.noteReturn(own);
    push(own, 40);
    table.noteAway(own);
    table.remove(first);
    push(heavy, 90);
    expect(table.findExcess(heavy)).not.toBe(own);
  });

  it("refuse the newcomer where everybody has the same", () => {
    const holders = ["ann", "bob", "mallory"].map((uid) => away("c", { uid, owner: user(uid) }));
    for (const newcomer of holders) expect(table.findExcess(newcomer)).toBe(newcomer);
  });

  it("push nobody out who was here before at the same address, where users are not known", () => {
    const [first, second, third] = ["1", "2", "3"].map((id) => away(id, { uid: id, owner: address("10.0.0.1") }));
    expect(table.findExcess(third as SessionHolder)).toBe(third);
    table.remove(third as SessionHolder);
    const other = away("4", { uid: "4", owner: address("10.0.0.2") });
    expect(table.findExcess(other)).toBe(second);
    table.remove(second as SessionHolder);
    expect([table.findExcess(other), first?.session.status]).toEqual([undefined, "away"]);
  });
});
