import { expect, it } from "vitest";
import { ClientRoom } from "./client-room.ts";

const at = (offset: number, epoch = "e") => ({ epoch, offset });

it("asks once, and takes each event once, in order, from where it joined", () => {
  const room = new ClientRoom();
  expect([room.wantsJoin, room.beginJoin(), room.wantsJoin]).toEqual([true, undefined, false]);
  expect(room.takes(4)).toBe(false);
  room.joined({ position: at(4), isRecovered: false });
  expect([room.status, room.recovered, room.position]).toEqual(["joined", undefined, at(4)]);
  expect([room.takes(5), room.takes(5), room.takes(6), room.takes(4)]).toEqual([true, false, true, false]);
  expect(room.position).toEqual(at(6));
});

it("joins again in the next session with the position up to which it has everything", () => {
  const room = new ClientRoom(at(3));
  expect(room.beginJoin()).toEqual(at(3));
  room.joined({ position: at(5), isRecovered: true });
  expect([room.position, room.recovered]).toEqual([at(3), true]);
  expect([room.takes(4), room.takes(5)]).toEqual([true, true]);
  room.sessionBegan();
  expect([room.status, room.wantsJoin, room.takes(6)]).toEqual(["joining", true, false]);
  expect(room.beginJoin()).toEqual(at(5));
  room.joined({ position: at(2, "new"), isRecovered: false });
  expect([room.recovered, room.position, room.takes(3)]).toEqual([false, at(2, "new"), true]);
});

it("says that something may be missing where a room has no history", () => {
  const room = new ClientRoom();
  room.beginJoin();
  room.joined({ position: undefined, isRecovered: false });
  expect([room.recovered, room.takes(undefined)]).toEqual([undefined, true]);
  room.sessionBegan();
  room.beginJoin();
  room.joined({ position: undefined, isRecovered: false });
  expect(room.recovered).toBe(false);
});

it("asks for what is missing where an event was left out on the way, and takes nothing in between", () => {
  const room = new ClientRoom();
  room.beginJoin();
  room.joined({ position: at(1), isRecovered: false });
  expect([room.takes(2), room.takes(4), room.takes(5)]).toEqual([true, false, false]);
  expect([room.wantsJoin, room.beginJoin()]).toEqual([true, at(2)]);
  room.joined({ position: at(5), isRecovered: true });
  expect([room.takes(3), room.takes(4), room.takes(5)]).toEqual([true, true, true]);
});

it("asks once for what is missing: where the server cannot give it, that is told, and the rest goes on", () => {
  const room = new ClientRoom();
  room.beginJoin();
  room.joined({ position: at(1), isRecovered: false });
  expect([room.takes(3), room.wantsJoin, room.beginJoin()]).toEqual([false, true, at(1)]);
  room.joined({ position: at(3), isRecovered: true });
  expect([room.takes(3), room.wantsJoin, room.recovered, room.position]).toEqual([true, false, false, at(3)]);
  expect([room.takes(4), room.takes(6), room.wantsJoin]).toEqual([true, false, true]);
});

it("sends no second join while one is on its way, and one where that was lost", () => {
  const room = new ClientRoom();
  room.beginJoin();
  room.sessionBegan();
  expect(room.wantsJoin).toBe(false);
  room.unanswered();
  expect(room.wantsJoin).toBe(true);
});

it("stays out where it was refused, until the session is another", () => {
  const room = new ClientRoom();
  room.beginJoin();
  room.refused({ code: "members-only", message: "no" });
  expect([room.status, room.refusal?.code, room.wantsJoin, room.takes(1)]).toEqual([
    "refused",
    "members-only",
    false,
    false,
  ]);
  room.sessionBegan();
  expect([room.status, room.refusal, room.wantsJoin]).toEqual(["joining", undefined, true]);
});

it("stays out once it left, whatever is still on its way", () => {
  const room = new ClientRoom();
  room.beginJoin();
  expect(room.leave()).toBe(true);
  room.joined({ position: at(1), isRecovered: false });
  room.joinedByServer({ position: at(1), isRecovered: false });
  room.sessionBegan();
  expect([room.status, room.wantsJoin, room.takes(2)]).toEqual(["left", false, false]);
  expect(new ClientRoom().leave()).toBe(false);
});

it("follows the server, which lets in and puts out of its own accord", () => {
  const room = new ClientRoom();
  room.beginJoin();
  room.refused({ code: "refused", message: "no" });
  room.joinedByServer({ position: at(7), isRecovered: false });
  expect([room.status, room.position, room.takes(8)]).toEqual(["joined", at(7), true]);
  room.leftByServer({ code: "left", message: "put out" });
  expect([room.status, room.refusal?.code, room.takes(9)]).toEqual(["left", "left", false]);
});

it("goes by the answer to its join, whatever the server does meanwhile", () => {
  const room = new ClientRoom(at(2));
  room.beginJoin();
  room.joinedByServer({ position: at(9), isRecovered: false });
  expect([room.status, room.takes(10)]).toEqual(["joining", false]);
  room.leftByServer({ code: "left", message: "" });
  room.joined({ position: at(10), isRecovered: true });
  expect([room.status, room.takes(3)]).toEqual(["joined", true]);
});
