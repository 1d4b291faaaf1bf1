import {
  type Address,
  type AnyContract,
  type ChannelSocketClient,
  type ClientOptions,
  type Codec,
  clientDefaults,
  SessionLostError,
  UsageError,
} from "@sente-lite/protocol";
import { gateOf } from "@sente-lite/protocol/contract";
import { checkFunction, checkOptions } from "@sente-lite/protocol/options";
import { type AskedRequest, type ClientOutput, ClientSession, makeMonotonic } from "@sente-lite/protocol/session";
import type { CanCompress, WithCompression } from "../compression.ts";
import { makeDisposable } from "../disposable.ts";
import { type Host, randomFraction } from "../host.ts";
import { limitsOf } from "../limits.ts";
import type { Replies } from "../replies.ts";
import type { OpenSocket } from "../sockets.ts";
import { ClientDriver, type DriverEvents } from "./driver.ts";
import { ClientErrors } from "./errors.ts";
import { ClientIncoming } from "./incoming.ts";
import { ClientLifecycle, type WatchLifecycle } from "./lifecycle.ts";
import { checkAgreed, checkClientOptions, codecOf } from "./options.ts";
import { Outgoing } from "./outgoing.ts";
import { waitUntilOpen } from "./ready.ts";
import { answerRefresh } from "./refresh.ts";
import { repliesTo } from "./replies.ts";
import { ClientRooms } from "./rooms/client-rooms.ts";
import { SocketOpener, type WithHeaders } from "./socket-opener.ts";
import { StateKeeper } from "./state.ts";
import { Tracer } from "./trace.ts";

/** What a runtime gives to make clients of. */
export interface ClientCore {
  readonly host: Host;
  readonly openSocket: OpenSocket;
  /** True where the runtime's sockets take headers. */
  readonly takesHeaders?: boolean;
  /** Absent where compression cannot be had by an option. */
  readonly canCompress?: CanCompress | undefined;
  /** Those that a user may name by `serialization`; the first is for who names none. Absent in `/core`. */
  readonly codecs?: readonly Codec[];
  /** Makes an absolute address of the user's, when it first connects. */
  readonly resolveUrl?: (url: string) => string;
  readonly watchLifecycle?: WatchLifecycle;
}

/** Makes the client of a user. Throws `UsageError` for an address or options that cannot be meant. */
export function createClient<C extends AnyContract | undefined = undefined, K extends Codec = Codec>(
  core: ClientCore,
  address: Address,
  given: ClientOptions<C, K> & WithHeaders & WithCompression = {},
): ChannelSocketClient<C> {
  const url = textOf(address);
  checkClientOptions(given, core.takesHeaders === true, core.canCompress);
  // In here all events are alike; the contract's types are for the outside.
  const options = given as unknown as ClientOptions & WithHeaders;
  const { publicClient, lifecycle } = new Client(core, url, options);
  if (options.connect !== false) lifecycle.connect();
  return publicClient as unknown as ChannelSocketClient<C>;
}

const traceKinds = { payloads: "boolean" };

/**
 * A client and its parts. What the application does goes through `Outgoing` and `ClientLifecycle` to the session and its
 * driver; what the session says comes back from the driver, and goes to the part that it is for.
 */
class Client implements DriverEvents {
  readonly publicClient: ChannelSocketClient;
  readonly lifecycle: ClientLifecycle;
  readonly #errors: ClientErrors;
  readonly #state: StateKeeper;
  readonly #incoming: ClientIncoming;
  readonly #outgoing: Outgoing;
  readonly #rooms: ClientRooms;
  readonly #refresh: (connection: object) => void;
  readonly #repliesTo: (request: AskedRequest, id: string) => Replies;

  constructor(core: ClientCore, url: string, options: ClientOptions & WithHeaders) {
    const { host, openSocket, resolveUrl = (absolute) => absolute, watchLifecycle: watch } = core;
    const { onSessionLost } = options;
    const contract = options.contract as AnyContract | undefined;
    const agreed = contract?.codec;
    const gate = gateOf(contract, "client");
    const limits = limitsOf(clientDefaults, options);
    const codec = codecOf(options, agreed === undefined ? core.codecs : [agreed]);
    checkAgreed(agreed, [codec]);
    const now = makeMonotonic(host.monotonic);
    const session = new ClientSession({ codec, limits, random: () => randomFraction(host), onSessionLost });
    const sendFn: ChannelSocketClient["sendFn"] = (...given) => this.#outgoing.send(...given);

    const errors = new ClientErrors(host);
    const ground = { host, now, session, limits, codec, gate, errors };
    const opener = new SocketOpener({ ...ground, url, options, openSocket, resolveUrl });
    const state = new StateKeeper({ ...ground, clientId: () => opener.clientId, codecName: codec.name });
    const incoming = new ClientIncoming({ ...ground, state, sendFn });
    const tracer = new Tracer(host.now, codec, (error) => errors.report(error, { source: "trace" }));
    const driver = new ClientDriver({ ...ground, opener, tracer, events: this });
    const parts = { ...ground, state, incoming, opener, driver };
    const outgoing = new Outgoing(parts);
    const rooms = new ClientRooms({ ...parts, stringIds: codec.stringIds === true });
    const lifecycle = new ClientLifecycle({ ...parts, rooms, watch });
    this.#errors = errors;
    this.#state = state;
    this.#incoming = incoming;
    this.#outgoing = outgoing;
    this.#rooms = rooms;
    this.#refresh = (connection) => void answerRefresh(parts, connection);
    this.#repliesTo = (request, id) => repliesTo(parts, request, id);
    this.lifecycle = lifecycle;

    // Each is a function of its own, which users take off the object.
    this.publicClient = {
      chRecv: incoming.receiver,
      sendFn,
      requestFn: (...given) => outgoing.request(...given),
      room: rooms.room,
      state: state.watchable,
      trace: (fn, traceOptions = {}) => {
        checkFunction("trace(fn)", fn);
        checkOptions("trace", traceOptions, traceKinds);
        return tracer.add(fn, traceOptions.payloads === true);
      },
      errorChan: errors.chan,
      chsk: {
        connect: () => lifecycle.connect(),
        disconnect: () => lifecycle.disconnect(),
        reconnect: () => lifecycle.reconnect(),
        breakConnection: () => driver.cut(),
      },
      ready: (...given) => waitUntilOpen(state.watchable, ...given),
      close: () => lifecycle.close(),
      ...makeDisposable(async () => lifecycle.close()),
    };
  }

  output(output: Exclude<ClientOutput, { type: "open" | "close" }>): void {
    switch (output.type) {
      case "state":
        this.#stateChanged();
        break;
      case "event":
        this.#takeEvent(output);
        break;
      case "settle":
        if (!this.#rooms.settle(output.id, output.settlement)) {
          this.#outgoing.settle(output.id, output.settlement, output.bytes);
        }
        break;
      case "refresh":
        this.#refresh(output.connection);
        break;
      case "report":
        this.#errors.report(output.error, { source: "connection" });
        break;
      case "undelivered":
        this.#errors.report(createUndeliveredError(output), { source: "connection", events: output.events });
        break;
      case "gap":
        // The state says that a session was lost; what may have arrived or not is told here.
        if (output.inDoubt.length > 0) this.#errors.report(createSessionLostError(output), { source: "session" });
        break;
    }
  }

  socketClosed(code: number, reason: string): void {
    this.#state.socketClosed(code, reason);
  }

  socketFailed(error: Error): void {
    this.#state.socketFailed(error);
  }

  attemptFailed(error: Error): void {
    this.#errors.report(error, { source: "connect" });
  }

  noteRun(): void {
    this.#state.updateQueued();
  }

  #takeEvent({ event, bytes, request }: Extract<ClientOutput, { type: "event" }>): void {
    if (request !== undefined) this.#incoming.takeRequest(event, bytes, this.#repliesTo(request, event[0]));
    else if (!this.#rooms.take(event, bytes)) this.#incoming.takeEvent(event, bytes);
  }

  #stateChanged(): void {
    const { previous, next, isOpened } = this.#state.update();
    this.#incoming.takeEvent(["chsk/state", [previous, next]], 0);
    if (!isOpened) return;
    const { uid, csrfToken, handshakeData, firstOpen } = next;
    this.#incoming.takeEvent(["chsk/handshake", [uid, csrfToken, handshakeData, firstOpen]], 0);
    this.#rooms.noteOpened(next.resumed);
  }
}

/** A `URL` as it is at this moment. Throws `UsageError` `bad-url`. */
function textOf(address: Address): string {
  const text: unknown = typeof address === "object" ? address?.href : address;
  if (typeof text === "string") return text;
  throw new UsageError("bad-url", "the address of a client is a string or a URL");
}

function createUndeliveredError({ events, message }: Extract<ClientOutput, { type: "undelivered" }>): UsageError {
  const why = message === undefined ? "are not known to have arrived" : `are not sent: ${message}`;
  return new UsageError("undelivered", `${events.length} events were accepted, and ${why}`);
}

function createSessionLostError({ sessionId, inDoubt }: Extract<ClientOutput, { type: "gap" }>): SessionLostError {
  return new SessionLostError(sessionId, "the server does not know it any more", () => inDoubt);
}
