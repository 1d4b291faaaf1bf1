import { expect, it } from "vitest";
import { emptyRecord, recordEntry, type WireRecord } from "./wire-record.ts";

const frame = (record: WireRecord, direction: "in" | "out", label: string, now = 0) =>
  recordEntry(record, { type: "frame", at: 0, direction, label, bytes: 10 }, now);

it("counts frames and bytes each way", () => {
  const record = frame(frame(frame(emptyRecord, "out", "chat/leave"), "in", "ack 1"), "in", "ping");
  expect(record).toMatchObject({ in: { frames: 2, bytes: 20 }, out: { frames: 1, bytes: 10 }, roundTrips: [] });
});

it("measures a round trip from a request, or a ping, to its reply, whatever comes between", () => {
  let record = frame(emptyRecord, "out", "chat/send r7", 100);
  record = frame(record, "out", "chsk/ws-ping p1", 101);
  record = frame(record, "in", "chat/message, chat/here", 102);
  record = frame(record, "in", "reply p1", 103.5);
  record = frame(record, "in", "reply r7", 110);
  record = frame(record, "in", "reply r7", 120);
  expect(record.roundTrips).toEqual([2.5, 10]);
});

it("does not take a reply on the next connection for the answer to what went out on the last one", () => {
  const asked = frame(emptyRecord, "out", "chat/send r7", 100);
  const cut = recordEntry(asked, { type: "closed", at: 0, code: 1006, reason: "" }, 101);
  expect(frame(cut, "in", "reply r7", 900).roundTrips).toEqual([]);
});

it("keeps two hundred entries and sixty round trips", () => {
  let record = emptyRecord;
  for (let i = 0; i < 150; i++) record = frame(frame(record, "out", `a/b r${i}`, i), "in", `reply r${i}`, i + 1);
  expect(record.entries).toHaveLength(200);
  expect(record.entries[0]?.key).toBe(100);
  expect(record).toMatchObject({ total: 300, in: { frames: 150 } });
  expect(record.roundTrips).toHaveLength(60);
});
