import type { Codec } from "../codecs/codec.ts";
import { ProtocolError } from "../errors.ts";
import type { SenteEvent } from "../event.ts";
import { requestIds } from "../wire/feature-events.ts";
import { pongFrame } from "../wire/frames.ts";
import { BadEvent, readHandshake, readServerFrame } from "../wire/read-server-frame.ts";
import type { Agreement } from "./agreement.ts";
import type { AskedRequests } from "./asked-requests.ts";
import type { Accepted, ClientOutbox } from "./client-outbox.ts";
import type { KnownSession } from "./known-session.ts";
import type { Link } from "./link.ts";
import type { ClientOutput, Outputs } from "./outputs.ts";
import { sharesOf, weighAlone } from "./shares.ts";

export interface ClientInboxOptions {
  readonly codec: Codec;
  readonly agreement: Agreement;
  readonly outbox: ClientOutbox;
  readonly session: KnownSession;
  readonly asked: AskedRequests;
  readonly outputs: Outputs<ClientOutput>;
}

/** What a server may not send: the connection cannot go on. */
export type ServerFault = "no-handshake" | "foreign-session" | "second-handshake" | "bad-ack";

/**
 * What a server sends (PROTOCOL.md sections 3, 4 and 6). Its handshake says what becomes of the session. Each later frame
 * is counted: events are handed out with what they weigh, replies settle their requests, pings are answered.
 */
export class ClientInbox {
  readonly #options: ClientInboxOptions;
  readonly #outputs: Outputs<ClientOutput>;

  constructor(options: ClientInboxOptions) {
    this.#options = options;
    this.#outputs = options.outputs;
  }

  /** The first frame of a connection came, and was decoded. */
  receiveHandshake(value: unknown): ServerFault | undefined {
    const { codec, agreement, outbox, session: known } = this.#options;
    const greeting = readHandshake(value, codec.stringIds);
    if (greeting === undefined) return "no-handshake";
    const { session } = greeting;
    if (session?.resumed) {
      if (!known.canResume(session)) {
        known.lose();
        return "foreign-session";
      }
      known.resume(session.received);
    } else {
      const reason = agreement.reasonToGiveUp(greeting);
      if (reason !== undefined) outbox.giveUpAll(reason);
      known.begin(session);
    }
    agreement.note(greeting);
    return undefined;
  }

  /** A frame came over that link and was decoded; `bytes` is its size on the wire. */
  receive(link: Link<Accepted>, value: unknown, bytes: number, now: number): ServerFault | undefined {
    const { codec, agreement, outbox, session } = this.#options;
    const { form, features } = agreement;
    const isOpenRequest = (cbId: string) => outbox.isOpenRequest(cbId);
    const frame = readServerFrame(value, form, codec.stringIds, isOpenRequest, features);
    link.receive(frame, bytes, now);
    switch (frame.type) {
      case "events":
        this.#deliver(frame.events, bytes);
        return undefined;
      case "volatile": {
        const { event, value: sent } = frame;
        if (event === undefined) this.#deliverBad(sent, weighAlone(sent, bytes));
        else this.#outputs.push({ type: "event", event, bytes: weighAlone(event, bytes) });
        return undefined;
      }
      case "refresh":
        this.#outputs.push({ type: "refresh", connection: link });
        return undefined;
      case "reply":
        outbox.settleReply(frame.cbId, frame.value, bytes);
        return undefined;
      case "ping":
        link.owePong(pongFrame(codec, form));
        // A server that pings may want to know what arrived before it ends.
        link.oweAckIfUntold();
        this.#outputs.push({ type: "event", event: ["chsk/ws-ping"], bytes: 0 });
        return undefined;
      case "pong":
        return undefined;
      case "ack":
        if (!link.allows(frame)) this.#deliverBad(frame.value, weighAlone(frame.value, bytes));
        else if (!link.acknowledge(frame.count)) {
          session.lose();
          return "bad-ack";
        }
        return undefined;
      case "handshake":
        return "second-handshake";
      case "bad-event":
        this.#deliverBad(frame.value, weighAlone(frame.value, bytes));
        return undefined;
    }
  }

  #deliver(events: readonly (SenteEvent | BadEvent)[], frameBytes: number): void {
    const shares = sharesOf(
      events.map((event) => (event instanceof BadEvent ? event.value : event)),
      frameBytes,
    );
    let i = 0;
    for (const event of events) {
      const bytes = shares[i++] ?? 0;
      if (event instanceof BadEvent) this.#deliverBad(event.value, bytes);
      else if (event[0] === requestIds.request) this.#deliverRequest(event, bytes);
      else this.#outputs.push({ type: "event", event, bytes });
    }
  }

  #deliverRequest(asking: SenteEvent, bytes: number): void {
    const asked = this.#options.asked.take(asking[1]);
    if (asked === undefined) this.#deliverBad(asking, bytes);
    else this.#outputs.push({ type: "event", event: asked.event, bytes, request: asked.request });
  }

  #deliverBad(value: unknown, bytes: number): void {
    this.#outputs.push({ type: "event", event: ["chsk/bad-event", value], bytes });
    const error = new ProtocolError("bad-event", "the server sent something that is no event");
    this.#outputs.push({ type: "report", error });
  }
}
