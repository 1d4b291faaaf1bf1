import type { TraceEntry } from "@sente-lite/browser";

/** Entries and round trips that are kept. */
const MAX_ENTRIES = 200;
const MAX_ROUND_TRIPS = 60;

export interface Told {
  readonly frames: number;
  readonly bytes: number;
}

/** What went over a client's wire. */
export interface WireRecord {
  /** Counts up, so that each entry has a name. */
  readonly total: number;
  /** The newest ones, oldest first. */
  readonly entries: readonly { readonly key: number; readonly entry: TraceEntry }[];
  readonly in: Told;
  readonly out: Told;
  /** Of requests and pings, in milliseconds, oldest first. */
  readonly roundTrips: readonly number[];
  /** When those went out that have no answer yet, by the name of their reply. */
  readonly waiting: ReadonlyMap<string, number>;
}

export const emptyRecord: WireRecord = {
  total: 0,
  entries: [],
  in: { frames: 0, bytes: 0 },
  out: { frames: 0, bytes: 0 },
  roundTrips: [],
  waiting: new Map(),
};

/** `now` is finer than the entry's time, which has whole milliseconds: any clock that never goes back. */
export function recordEntry(record: WireRecord, entry: TraceEntry, now: number): WireRecord {
  const next: WireRecord = {
    ...record,
    total: record.total + 1,
    entries: [...record.entries, { key: record.total, entry }].slice(-MAX_ENTRIES),
  };
  // The numbers of the requests go on in the next connection, but what was under way says nothing about the wire.
  if (entry.type === "closed") return { ...next, waiting: new Map() };
  if (entry.type === "opening") return next;
  const { frames, bytes } = record[entry.direction];
  const counted = { ...next, [entry.direction]: { frames: frames + 1, bytes: bytes + entry.bytes } };
  return entry.direction === "out" ? recordRequest(counted, entry.label, now) : recordReply(counted, entry.label, now);
}

/** Of a request the label is `chat/send r7`, of a ping `chsk/ws-ping p7`. */
function recordRequest(record: WireRecord, label: string, now: number): WireRecord {
  const cbId = /^\S+ ([rp]\d+)$/.exec(label)?.[1];
  return cbId === undefined ? record : { ...record, waiting: new Map(record.waiting).set(cbId, now) };
}

function recordReply(record: WireRecord, label: string, now: number): WireRecord {
  const cbId = /^reply (\S+)$/.exec(label)?.[1];
  const since = cbId === undefined ? undefined : record.waiting.get(cbId);
  if (cbId === undefined || since === undefined) return record;
  const waiting = new Map(record.waiting);
  waiting.delete(cbId);
  return { ...record, waiting, roundTrips: [...record.roundTrips, now - since].slice(-MAX_ROUND_TRIPS) };
}
