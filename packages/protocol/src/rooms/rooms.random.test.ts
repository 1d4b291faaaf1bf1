import fc from "fast-check";
import { expect, it } from "vitest";
import { BOUNDS, type Handle, House, ROOMS, type Room } from "./rooms.random.test-support.ts";

type Step = (house: House) => void;

const room = fc.constantFrom<Room>(...ROOMS);
const who = fc.nat(3);

const sound: readonly fc.Arbitrary<Step>[] = [
  fc.tuple(who, room).map(
    ([n, name]): Step =>
      (house) =>
        house.clients[n] && house.join(house.clients[n], name),
  ),
  fc.tuple(who, room).map(
    ([n, name]): Step =>
      (house) =>
        house.clients[n] && house.leave(house.clients[n], name),
  ),
  fc.tuple(room, fc.integer({ min: 1, max: 6 })).map(
    ([name, count]): Step =>
      (house) => {
        for (let i = 0; i < count; i++) house.send(name);
      },
  ),
  fc.tuple(who, fc.boolean(), fc.boolean()).map(
    ([n, allows, isNow]): Step =>
      (house) => {
        if (house.clients[n]) house.takeUp(house.clients[n], allows, isNow);
      },
  ),
  fc.tuple(who, fc.integer({ min: 1, max: 8 })).map(
    ([n, count]): Step =>
      (house) => {
        for (let i = 0; i < count; i++) if (house.clients[n]) house.takeDown(house.clients[n]);
      },
  ),
  fc.nat(3).map(
    (n): Step =>
      (house) =>
        house.later.splice(n, 1)[0]?.(),
  ),
  who.map(
    (n): Step =>
      (house) =>
        house.clients[n] && house.lose(house.clients[n]),
  ),
  fc.tuple(who, room).map(
    ([n, name]): Step =>
      (house) =>
        house.clients[n] && house.putOut(house.clients[n], name),
  ),
  fc.integer({ min: 1, max: 40 }).map(
    (ms): Step =>
      (house) =>
        house.pass(ms),
  ),
  fc.constant((house: House) => house.tellMembers()),
  fc.constant((house: House) => house.openAnother()),
];
const drop: fc.Arbitrary<Step> = fc.tuple(who, fc.nat(5)).map(
  ([n, nth]) =>
    (house) =>
      house.clients[n] && house.drop(house.clients[n], nth),
);
const step = fc.oneof(...sound, drop);
const steps = fc.array(step, { maxLength: 120, size: "max" });

/** A page that is reloaded goes on where it was: a handle that left gives its position to the next. */
const reloads: fc.Arbitrary<Step> = fc.tuple(who, room).map(
  ([n, name]): Step =>
    (house) => {
      const client = house.clients[n];
      const position = client?.handles.get(name)?.machine.position;
      if (client === undefined) return;
      house.leave(client, name);
      house.join(client, name, position);
    },
);

function play(played: readonly Step[], check: (house: House) => void): void {
  const house = new House();
  for (const one of played) one(house);
  check(house);
}

const everyHandle = (house: House): readonly Handle[] => house.clients.flatMap(({ all }) => all);

/** What a handle got in one go: from one join that did not recover all to the next. */
function stretches({ got, joins }: Handle): readonly (readonly (number | undefined)[])[] {
  const cuts = joins.filter(({ recovered }) => recovered !== true).map(({ had }) => had);
  return [0, ...cuts].map((from, i, all) => got.slice(from, all[i + 1]).map(({ offset }) => offset));
}

it("gives nothing twice, and leaves no gap between what was recovered and what is live", () => {
  fc.assert(
    fc.property(
      fc.array(fc.oneof({ weight: 9, arbitrary: step }, reloads), { maxLength: 150, size: "max" }),
      (played) =>
        play(played, (house) => {
          house.settle();
          for (const handle of everyHandle(house)) {
            const events = handle.got.map(({ event }) => event);
            expect(new Set(events).size).toBe(events.length);
            expect(events).toEqual([...events].sort((a, b) => a - b));
            if (handle.room !== "kept") continue;
            const { since, joins, got } = handle;
            if (since !== undefined && joins[0]?.recovered && got[0] !== undefined) {
              expect(got[0].offset).toBe(since.offset + 1);
            }
            for (const offsets of stretches(handle)) {
              const [first = 0] = offsets;
              expect(offsets).toEqual(offsets.map((_, i) => first + i));
            }
          }
        }),
    ),
    { numRuns: 1_500 },
  );
});

it("is sent by the server itself without a gap and without a double, where nothing is left out on the way", () => {
  fc.assert(
    fc.property(fc.array(fc.oneof(...sound, reloads), { maxLength: 150, size: "max" }), (played) =>
      play(played, (house) => {
        house.settle();
        for (const { refusals } of everyHandle(house)) expect(refusals).toBe(0);
      }),
    ),
    { numRuns: 1_000 },
  );
});

it("brings whoever is in a room with a history up to its last event", () => {
  fc.assert(
    fc.property(steps, (played) =>
      play(played, (house) => {
        house.settle();
        house.send("kept");
        house.settle();
        for (const handle of everyHandle(house)) {
          expect(handle.machine.status).not.toBe("joining");
          if (handle.room !== "kept" || handle.machine.status !== "joined") continue;
          expect(handle.machine.position).toEqual(house.histories.read("kept", { limit: 0 }, BOUNDS).top);
          const { got, joins, machine } = handle;
          // What was left out on the way may be in no history any more: then it was told so.
          const wasTold = machine.recovered === false && joins.at(-1)?.had === got.length;
          if (!wasTold) expect(got.at(-1)?.event).toBe(house.audience.length - 1);
        }
      }),
    ),
    { numRuns: 500 },
  );
});

it("gives nobody an event of a room that refused them, or that they left before it was sent", () => {
  fc.assert(
    fc.property(
      fc.array(fc.oneof({ weight: 9, arbitrary: step }, reloads), { maxLength: 120, size: "max" }),
      (played) =>
        play(played, (house) => {
          expect(house.strays).toBe(0);
          expect(everyHandle(house).map(({ strays }) => strays)).toEqual(everyHandle(house).map(() => 0));
          for (const handle of everyHandle(house)) if (handle.joins.length === 0) expect(handle.got).toEqual([]);
        }),
    ),
    { numRuns: 500 },
  );
});

it("has members as long as their sessions, and tells all of them who they are", () => {
  fc.assert(
    fc.property(steps, (played) =>
      play(played, (house) => {
        house.settle();
        for (const name of ROOMS) {
          const sessions = [...house.table.of(name)].map(({ session }) => session);
          expect(sessions.every(({ isOver }) => !isOver)).toBe(true);
          const uids = new Set(sessions.map(({ uid }) => uid));
          expect(uids).toEqual(house.findInsiders(name));
          expect(house.tallies.get(name)?.uids).toEqual(uids);
          for (const { handles } of house.clients) {
            const handle = handles.get(name);
            if (handle?.machine.status !== "joined") continue;
            expect([handle.members.count, handle.members.isComplete]).toEqual([uids.size, uids.size <= 2]);
            if (handle.members.isComplete) expect(handle.members.uids).toEqual(uids);
          }
        }
        for (const { session } of house.clients) house.end(session);
        expect(house.table.rooms).toBe(0);
        expect([...house.tallies.values()].map(({ count }) => count)).toEqual([0, 0]);
      }),
    ),
    { numRuns: 500 },
  );
});
