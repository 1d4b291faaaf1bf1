import { beforeEach, describe, expect, it } from "vitest";
import { edn } from "../codecs/edn/index.ts";
import { json } from "../codecs/json/index.ts";
import { serverDefaults } from "../limits.ts";
import { Batch } from "./batch.ts";
import { ServerSession } from "./server-session.ts";
import { type Arrival, ServerSessions, type SessionHolder } from "./server-sessions.ts";

const arrival = (more: Partial<Arrival> = {}): Arrival => ({
  uid: "ann",
  clientId: "c1",
  codec: json,
  form: "wrapped",
  attempt: 1,
  named: undefined,
  ...more,
});

let table: ServerSessions<SessionHolder>;
let ids: number;
beforeEach(() => {
  table = new ServerSessions({ maxAwaySessions: 2, maxAwayBytes: 100 });
  ids = 0;
});

/** A session that began with that arrival; its client confirms it unless told otherwise. */
const begun = (of: Arrival, confirm = true): SessionHolder => {
  const id = `s${++ids}`;
  const session = new ServerSession({
    codec: of.codec,
    form: of.form,
    ownPeer: true,
    limits: serverDefaults,
    root: Batch.root(),
    id,
  });
  const holder = { uid: of.uid, clientId: of.clientId, session };
  session.open({ uid: of.uid, csrfToken: null, data: null }, 0);
  table.add(holder, of);
  if (confirm) {
    session.message([["chsk/ack", 0], null], 10, 0);
    table.confirmed(holder);
  }
  return holder;
};
const naming = (holder: SessionHolder, received = 0) => ({ id: holder.session.id ?? "", received });

describe("finding a session (PROTOCOL.md section 6.4)", () => {
  it("goes by its id alone, and needs the same user, client id, codec and form", () => {
    const holder = begun(arrival());
    const named = naming(holder);
    expect(table.admit(arrival({ attempt: 2, named })).resumed).toBe(holder);
    for (const other of [
      { uid: "bob" },
      { uid: null },
      { clientId: "c2" },
      { codec: edn },
      { form: "bare" as const },
    ]) {
      const admission = table.admit(arrival({ attempt: 3, named, ...other }));
      expect(admission).toEqual({ resumed: undefined, ending: [{ holder, reason: "resumed in vain" }] });
    }
  });

  it("ends a session that is resumed with a count which cannot be, and begins a new one", () => {
    const holder = begun(arrival());
    const admission = table.admit(arrival({ attempt: 2, named: naming(holder, 7) }));
    expect(admission).toEqual({ resumed: undefined, ending: [{ holder, reason: "resumed in vain" }] });
  });

  it("knows nothing of an id that was made up, nor of a session that ended", () => {
    const holder = begun(arrival());
    holder.session.close(1000, "");
    table.remove(holder);
    for (const named of [naming(holder), { id: "made-up", received: 0 }, { id: "__proto__", received: 0 }]) {
      expect(table.admit(arrival({ attempt: 2, named }))).toEqual({ resumed: undefined, ending: [] });
    }
  });

  it("ends no confirmed session where none is named: the client id is a label", () => {
    begun(arrival());
    expect(table.admit(arrival())).toEqual({ resumed: undefined, ending: [] });
  });

  it("ends the unconfirmed session of the same client, and of no other", () => {
    const holder = begun(arrival(), false);
    const ending = [{ holder, reason: "never confirmed" }];
    expect(table.admit(arrival({ attempt: 2 }))).toEqual({ resumed: undefined, ending });
    expect(table.admit(arrival({ attempt: 2, uid: "bob" })).ending).toEqual([]);
    expect(table.admit(arrival({ attempt: 2, clientId: "c2" })).ending).toEqual([]);
  });

  it("ends an unconfirmed session that is named in vain once", () => {
    const holder = begun(arrival(), false);
    const { ending } = table.admit(arrival({ attempt: 2, named: naming(holder, 7) }));
    expect(ending).toEqual([{ holder, reason: "resumed in vain" }]);
  });
});

describe("the order of attempts (PROTOCOL.md section 6.4)", () => {
  it("refuses an attempt that is not above the last one of the session", () => {
    const holder = begun(arrival({ attempt: 3 }));
    const named = naming(holder);
    expect([2, 3, 4].map((attempt) => table.isStale(arrival({ attempt, named })))).toEqual([true, true, false]);
    table.admit(arrival({ attempt: 7, named }));
    expect([6, 7, 8].map((attempt) => table.isStale(arrival({ attempt, named })))).toEqual([true, true, false]);
  });

  it("refuses an attempt that is not above that of the client's unconfirmed session, and is free once it is confirmed", () => {
    const holder = begun(arrival({ attempt: 3 }), false);
    expect(table.isStale(arrival({ attempt: 2 }))).toBe(true);
    expect(table.isStale(arrival({ attempt: 2, uid: "bob" }))).toBe(false);
    table.confirmed(holder);
    expect(table.isStale(arrival({ attempt: 2 }))).toBe(false);
  });
});

describe("a namesake that confirms nothing (PROTOCOL.md section 6.4)", () => {
  it("does not keep a client from its own session, and is not ended by it", () => {
    const own = begun(arrival({ attempt: 3 }));
    const namesake = begun(arrival({ attempt: 900 }), false);
    const back = arrival({ attempt: 4, named: naming(own) });
    expect(table.isStale(back)).toBe(false);
    expect(table.admit(back)).toEqual({ ending: [], resumed: own });
    const inVain = arrival({ attempt: 5, named: naming(own, 7) });
    expect(table.admit(inVain).ending).toEqual([{ holder: own, reason: "resumed in vain" }]);
    expect(namesake.session.status).toBe("live");
  });
});

describe("bounds on what is away (PROTOCOL.md section 6.7)", () => {
  const away = (clientId: string) => {
    const holder = begun(arrival({ clientId }));
    holder.session.closed(1006, "", 0);
    table.weigh(holder);
    return holder;
  };

  it("give up the session that has been away the longest", () => {
    const [first, second] = [away("c1"), away("c2")];
    expect(table.overflow()).toBeUndefined();
    away("c3");
    expect(table.overflow()).toBe(first);
    table.remove(first);
    expect([table.overflow(), table.away]).toEqual([undefined, 2]);
    away("c4");
    expect(table.overflow()).toBe(second);
  });

  it("hold for bytes too, and count what comes while it is away", () => {
    const holder = away("c1");
    holder.session.push(["s/much", "x".repeat(200)]);
    holder.session.flush();
    table.weigh(holder);
    expect(table.awayBytes).toBeGreaterThan(200);
    expect(table.overflow()).toBe(holder);
    table.returned(holder);
    expect([table.awayBytes, table.overflow()]).toEqual([0, undefined]);
  });
});
