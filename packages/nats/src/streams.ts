import { randomUUID } from "node:crypto";
import {
  AckPolicy,
  DeliverPolicy,
  type JetStreamClient,
  type JetStreamManager,
  jetstream,
  jetstreamManager,
  RetentionPolicy,
  StorageType,
} from "@nats-io/jetstream";
import { headers, type MsgHdrs, type NatsConnection } from "@nats-io/transport-node";
import type { Entry, Position, StreamBounds, StreamRange, StreamRead, Streams } from "@sente-lite/protocol/backplane";
import { DAY_MS, isTooLate } from "./kept.ts";
import { makeStream } from "./make-stream.ts";
import { keyPart } from "./names.ts";
import { translateErrors } from "./unreachable.ts";

const NANOS = 1_000_000;
const EPOCH = "Sente-Epoch";
const OFFSET = "Sente-Offset";
/** Of so many streams it is remembered where they end. */
const MAX_KNOWN = 10_000;

/** The last message of a stream: its sequence at JetStream, and its position. An empty stream has one of offset 0. */
interface Last extends Position {
  readonly sequence: number;
}

interface Found extends Entry {
  readonly at: number;
}

/**
 * Histories in one stream of JetStream, each with a subject of its own. An entry says its position in headers, and is only taken
 * where it follows the one before, so that offsets have no hole. What is too old is left out by the clock of NATS, and goes
 * after a day.
 */
export class NatsStreams implements Streams {
  readonly #connection: NatsConnection;
  readonly #name: string;
  readonly #subject: string;
  readonly #replicas: number;
  #opened: Promise<{ readonly js: JetStreamClient; readonly jsm: JetStreamManager }> | undefined;
  readonly #known = new Map<string, Last>();
  /** Appends of this node to a stream, one after the other. */
  readonly #turns = new Map<string, Promise<unknown>>();

  constructor(connection: NatsConnection, prefix: string, replicas: number) {
    this.#connection = connection;
    this.#name = `${prefix}-streams`;
    this.#subject = `${prefix}.s`;
    this.#replicas = replicas;
  }

  /** Makes the stream of JetStream, where it is not there, or was forgotten. */
  async open(): Promise<void> {
    this.#known.clear();
    this.#opened = this.#make();
    this.#opened.catch(() => undefined);
    await this.#opened;
  }

  append(stream: string, bytes: Uint8Array, bounds: StreamBounds): Promise<Position> {
    const subject = this.#subjectOf(stream);
    const before = this.#turns.get(subject) ?? Promise.resolve();
    const turn = before.then(() => translateErrors(this.#append(subject, bytes, bounds)));
    const settled = turn.then(
      () => undefined,
      () => undefined,
    );
    this.#turns.set(subject, settled);
    void settled.then(() => {
      if (this.#turns.get(subject) === settled) this.#turns.delete(subject);
    });
    return turn;
  }

  read(stream: string, range: StreamRange, bounds: StreamBounds): Promise<StreamRead> {
    return translateErrors(this.#read(this.#subjectOf(stream), range, bounds));
  }

  async #append(subject: string, bytes: Uint8Array, { size }: StreamBounds): Promise<Position> {
    for (;;) {
      const last = this.#known.get(subject) ?? (await this.#readLast(subject));
      const next = await this.#publish(subject, bytes, last.epoch, last.offset + 1, last.sequence);
      if (next === undefined) continue;
      // Not each time: what is over the bound is left out by those who read, too.
      if (next.offset > size && next.offset % Math.max(1, Math.ceil(size / 8)) === 0) await this.#trim(subject, size);
      return { epoch: next.epoch, offset: next.offset };
    }
  }

  async #read(subject: string, range: StreamRange, { size, ttlMs }: StreamBounds): Promise<StreamRead> {
    this.#known.delete(subject);
    const { epoch, offset } = await this.#readLast(subject);
    const top = { epoch, offset };
    const all = offset === 0 ? [] : await this.#entries(subject, epoch, offset, Math.min(ttlMs, DAY_MS));
    const kept = all.slice(Math.max(0, all.length - size));
    const first = kept[0]?.offset ?? offset + 1;
    const plainEntries = kept.map((entry): Entry => ({ offset: entry.offset, bytes: entry.bytes }));
    if ("after" in range) {
      const { after, limit } = range;
      if (after.epoch !== epoch || after.offset < first - 1 || after.offset > offset) {
        return { entries: [], isComplete: false, top };
      }
      const entries = plainEntries.filter((entry) => entry.offset > after.offset).slice(0, limit);
      return { entries, isComplete: true, top };
    }
    const before = plainEntries.filter((entry) => entry.offset < (range.before ?? offset + 1));
    const entries = before.slice(Math.max(0, before.length - range.limit));
    return { entries, isComplete: entries.length === before.length, top };
  }

  /** What of a history is there up to an offset, and not too old. */
  async #entries(subject: string, epoch: string, top: number, ttlMs: number): Promise<Found[]> {
    const { js, jsm } = await this.#open();
    const { name, created, num_pending } = await jsm.consumers.add(this.#name, {
      ack_policy: AckPolicy.None,
      deliver_policy: DeliverPolicy.All,
      filter_subject: subject,
      inactive_threshold: 10_000 * NANOS,
      mem_storage: true,
      num_replicas: 1,
    });
    const now = Date.parse(created);
    const found: Found[] = [];
    if (num_pending > 0) {
      const consumer = await js.consumers.get(this.#name, name);
      const messages = await consumer.fetch({ max_messages: num_pending, expires: 5_000 });
      for await (const { headers: head, data, info } of messages) {
        const position = positionOf(head);
        const at = info.timestampNanos / NANOS;
        if (position?.epoch === epoch && position.offset > 0 && position.offset <= top && at + ttlMs > now) {
          found.push({ offset: position.offset, bytes: new Uint8Array(data), at });
        }
        if (info.pending === 0) break;
      }
    }
    await jsm.consumers.delete(this.#name, name).catch(() => undefined);
    return found;
  }

  /** The end of a history; one that nobody knows begins. */
  async #readLast(subject: string): Promise<Last> {
    const { jsm } = await this.#open();
    for (;;) {
      const message = await jsm.streams.getMessage(this.#name, { last_by_subj: subject });
      const position = message === null ? undefined : positionOf(message.header);
      const sequence = message?.seq ?? 0;
      if (position !== undefined) return this.#know(subject, { ...position, sequence });
      const begun = await this.#publish(subject, new Uint8Array(), randomUUID(), 0, sequence);
      if (begun !== undefined) return begun;
    }
  }

  /** Undefined where somebody else was first. */
  async #publish(
    subject: string,
    bytes: Uint8Array,
    epoch: string,
    offset: number,
    lastSubjectSequence: number,
  ): Promise<Last | undefined> {
    const { js } = await this.#open();
    const head = headers();
    head.set(EPOCH, epoch);
    head.set(OFFSET, `${offset}`);
    try {
      const { seq } = await js.publish(subject, bytes, { headers: head, expect: { lastSubjectSequence } });
      return this.#know(subject, { epoch, offset, sequence: seq });
    } catch (error) {
      this.#known.delete(subject);
      if (isTooLate(error)) return undefined;
      throw error;
    }
  }

  async #trim(subject: string, keep: number): Promise<void> {
    const { jsm } = await this.#open();
    await jsm.streams.purge(this.#name, { filter: subject, keep });
  }

  #know(subject: string, last: Last): Last {
    this.#known.delete(subject);
    this.#known.set(subject, last);
    for (const oldest of this.#known.keys()) {
      if (this.#known.size <= MAX_KNOWN) break;
      this.#known.delete(oldest);
    }
    return last;
  }

  #subjectOf(stream: string): string {
    return `${this.#subject}.${keyPart(stream)}`;
  }

  async #open(): Promise<{ readonly js: JetStreamClient; readonly jsm: JetStreamManager }> {
    if (this.#opened === undefined) await this.open();
    return this.#opened ?? this.#make();
  }

  async #make(): Promise<{ readonly js: JetStreamClient; readonly jsm: JetStreamManager }> {
    const jsm = await jetstreamManager(this.#connection);
    await makeStream(() =>
      jsm.streams.add({
        name: this.#name,
        subjects: [`${this.#subject}.*`],
        retention: RetentionPolicy.Limits,
        storage: StorageType.File,
        num_replicas: this.#replicas,
        max_age: DAY_MS * NANOS,
      }),
    );
    return { js: jetstream(this.#connection), jsm };
  }
}

function positionOf(head: MsgHdrs | undefined): Position | undefined {
  const epoch = head?.get(EPOCH) ?? "";
  const offset = Number(head?.get(OFFSET) || Number.NaN);
  return epoch !== "" && Number.isSafeInteger(offset) && offset >= 0 ? { epoch, offset } : undefined;
}
