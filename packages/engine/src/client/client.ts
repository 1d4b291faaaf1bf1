import {
  type AnyContract,
  type CallbackReply,
  type ChannelSocketClient,
  type ClientMessage,
  type ClientOptions,
  type ClientState,
  type Codec,
  clientDefaults,
  createErrorChan,
  type Event,
  HandshakeError,
  ReplyError,
  SessionLostError,
  UsageError,
} from "@sente-lite/protocol";
import {
  type ClientOutput,
  ClientSession,
  checkedEvent,
  gateOf,
  guarded,
  monotonic,
  type RequestId,
  type Settlement,
} from "@sente-lite/protocol/session";
import { disposable } from "../disposable.ts";
import { type Host, randomFraction, randomId } from "../host.ts";
import { limitsOf } from "../limits.ts";
import { createReceiver } from "../receiver.ts";
import type { OpenSocket } from "../sockets.ts";
import { INSIDE, type Message, type Source, weightOf } from "../source.ts";
import { createWatchable } from "../watchable.ts";
import { ClientDriver, type WithHeaders } from "./driver.ts";
import { nothingObserved, stateOf } from "./state.ts";
import { Tracer } from "./trace.ts";
import { codecOf } from "./url.ts";

/** What a runtime gives to make clients of. */
export interface ClientCore {
  readonly host: Host;
  readonly openSocket: OpenSocket;
  /** For a user who names none; absent in `/core`. */
  readonly codec?: Codec;
  /** Makes an absolute address of the user's, when it connects. */
  readonly resolveUrl?: (url: string) => string;
  /** Tells what befalls the page that the client lives in; returns the function that stops it. */
  readonly watchLifecycle?: (lifecycle: Lifecycle) => () => void;
}

/** What a page's life means to a client. */
export interface Lifecycle {
  /** The network came back, or the page is looked at: a client that waits to reconnect need not wait so long. */
  hasten(): void;
  /** The page is about to stand still, and its sockets to be closed: the client closes its own, and keeps the session. */
  suspend(): void;
  /** The page goes on. */
  resume(): void;
}

type Delivered = ClientMessage & Message;

export function createClient<C extends AnyContract | undefined = undefined, K extends Codec = Codec>(
  core: ClientCore,
  url: string,
  given: ClientOptions<C, K> & WithHeaders = {},
): ChannelSocketClient<C> {
  const { host } = core;
  // In here all events are alike; the contract's types are for the outside.
  const options = given as unknown as ClientOptions & WithHeaders;
  const gate = gateOf(given.contract, "client");
  const limits = limitsOf(clientDefaults, options);
  const codec = codecOf(options, core.codec);
  const now = monotonic(host.now);
  const { onSessionLost } = options;
  const session = new ClientSession({ codec, limits, random: () => randomFraction(host), onSessionLost });
  const errorChan = createErrorChan(host);
  const { report } = errorChan;
  const { receiver, deliver } = createReceiver<Delivered>(limits.maxReceived);
  const observed = { ...nothingObserved };
  const readState = () => stateOf(session, observed, (at) => at - now() + host.now());
  const state = createWatchable<ClientState>(readState(), (error) => report(error, { source: "state" }));
  const settlers = new Map<
    RequestId,
    { readonly eventId: string; readonly settled: (settlement: Settlement) => unknown }
  >();
  let stopWatching: (() => void) | undefined;
  let isClosed = false;

  const reported: typeof report = (error, context) => {
    observed.lastError = error instanceof Error ? error : new Error(String(error));
    report(error, context);
  };
  const source: Source = {
    maxReceived: limits.maxReceived,
    maxReceivedBytes: limits.maxReceivedBytes,
    // What a client receives is its own user's to consume: its socket is read on, and at the bound it is closed.
    pause: () => {},
    resume: () => {},
    overflow: () => {
      // What else this connection brought is lost with it; the next attempt comes after the backoff.
      if (session.status !== "open") return;
      reported(new UsageError("receiver-full", "too many received events wait for a consumer"), { source: "chRecv" });
      session.overflow(now());
      driver.run();
    },
    report: reported,
    warn: (message) => host.log.warn(message),
  };

  const hand = (event: Event) => {
    if (gate === undefined) deliverEvent(event);
    else gate.event(source, event, deliverEvent, (error) => reported(error, { source: "contract", event: event[0] }));
  };
  const deliverEvent = (event: Event) => {
    const [id, data] = event;
    const weight = weightOf(id, driver.frameBytes);
    const inside = { source, replyFailed: undefined, weight };
    deliver({ event, id, data, state: state.watchable.get(), sendFn, [INSIDE]: inside });
  };

  const stateChanged = () => {
    const previous = state.watchable.get();
    const opened = session.status === "open" && !previous.open;
    if (opened) {
      observed.everOpened = true;
      observed.opens++;
      observed.lastClose = null;
    }
    if (session.status === "terminal" && session.terminalReason !== undefined) {
      observed.lastClose = { reason: session.terminalReason, at: host.now() };
    }
    const next = readState();
    state.set(next);
    hand(["chsk/state", [previous, next]]);
    if (opened) hand(["chsk/handshake", [next.uid, next.csrfToken, next.handshakeData, next.firstOpen]]);
  };

  const output = (said: Exclude<ClientOutput, { type: "open" | "close" }>) => {
    switch (said.type) {
      case "state":
        stateChanged();
        break;
      case "event":
        hand(said.event);
        break;
      case "settle":
        settle(said.id, said.settlement);
        break;
      case "report":
        reported(said.error, { source: "connection" });
        break;
      case "undelivered":
        reported(
          new UsageError(
            "undelivered",
            `${said.events.length} events were accepted, and are not known to have arrived`,
          ),
          {
            source: "connection",
            events: said.events,
          },
        );
        break;
      case "gap":
        // The state says that a session was lost; what may have arrived or not is told here.
        if (said.inDoubt.length > 0) reported(lostSession(said), { source: "session" });
        break;
    }
  };

  const tracer = new Tracer(host.now, codec, (error) => reported(error, { source: "trace" }));
  const driver = new ClientDriver({
    host,
    tracer,
    now,
    session,
    limits,
    codec,
    clientId: options.clientId ?? randomId(host),
    url,
    options,
    openSocket: core.openSocket,
    resolveUrl: core.resolveUrl ?? ((address) => address),
    events: {
      output,
      socketClosed: (code, reason) => {
        observed.lastWsClose = { code, reason, at: host.now() };
      },
      socketFailed: (error) => {
        observed.lastWsError = error;
        observed.lastError = error;
      },
      attemptFailed: (error) => reported(error, { source: "connect" }),
      ran: () => {
        // While the connection is open the queue is a passing thing, and not worth a new state for every event.
        if (!state.watchable.get().open && state.watchable.get().queued !== session.queued) state.set(readState());
      },
    },
  });

  const act = (action: (at: number) => void) => () => {
    action(now());
    driver.run();
  };
  const watch = () => {
    stopWatching ??= core.watchLifecycle?.({
      hasten: act((at) => session.hasten(at)),
      suspend: () => driver.suspend(),
      resume: () => driver.resume(),
    });
  };
  const prepare = () => {
    if (isClosed) throw new UsageError("client-closed", "the client was closed for good; make another");
    driver.checkUrl();
    watch();
  };
  const connect = () => {
    prepare();
    act((at) => session.connect(at))();
  };
  const leave = (how: "disconnect" | "close") => {
    stopWatching?.();
    stopWatching = undefined;
    if (session.status !== "idle") observed.lastClose = { reason: "requested-disconnect", at: host.now() };
    act((at) => session[how](at))();
    // Nobody tells it any more that the page goes on.
    driver.resume();
  };
  const disconnect = () => leave("disconnect");
  const close = () => {
    if (isClosed) return;
    isClosed = true;
    leave("close");
  };
  const reconnect = () => {
    prepare();
    act((at) => session.reconnect(at))();
  };

  const settle = (id: RequestId, settlement: Settlement) => {
    const settler = settlers.get(id);
    settlers.delete(id);
    if (settler === undefined) return;
    const settled = (final: Settlement) => {
      guarded(
        () => settler.settled(final),
        (error) => reported(error, { source: "reply callback" }),
      );
    };
    if (gate === undefined) settled(settlement);
    else gate.reply(source, settler.eventId, settlement, settled);
  };

  const outgoing = (event: Event): Event => {
    const checked = checkedEvent(event);
    gate?.checkSent(checked);
    return checked;
  };

  /** Starts a request; `settled` is called once, never before this returns. */
  const startRequest = (event: Event, timeoutMs: number, settled: (settlement: Settlement) => unknown): RequestId => {
    const sent = outgoing(event);
    const id = session.request(sent, timeoutMs, now());
    settlers.set(id, { eventId: sent[0], settled });
    return id;
  };

  const sendFn: ChannelSocketClient["sendFn"] = (event, timeoutMs, cb) => {
    if (cb === undefined) {
      const accepted = session.send(outgoing(event), now());
      driver.run();
      return accepted;
    }
    const id = startRequest(event, timeoutMs ?? limits.requestTimeoutMs, (settlement) => cb(callbackReply(settlement)));
    const isAccepted = session.isWaitingFor(id);
    driver.run();
    return isAccepted;
  };

  const requestFn: ChannelSocketClient["requestFn"] = (event, { timeoutMs = limits.requestTimeoutMs, signal } = {}) =>
    new Promise((resolve, reject) => {
      if (signal?.aborted) {
        reject(signal.reason);
        return;
      }
      const abort = () => {
        session.cancel(id);
        settlers.delete(id);
        signal?.removeEventListener("abort", abort);
        reject(signal?.reason);
        driver.run();
      };
      const id = startRequest(event, timeoutMs, (settlement) => {
        signal?.removeEventListener("abort", abort);
        if (settlement.ok) resolve(settlement.value);
        else {
          const { code, ...failure } = settlement;
          reject(new ReplyError(code, failure));
        }
      });
      signal?.addEventListener("abort", abort);
      driver.run();
    });

  const ready: ChannelSocketClient["ready"] = ({ signal } = {}) =>
    new Promise((resolve, reject) => {
      const done = () => {
        stop();
        signal?.removeEventListener("abort", abort);
      };
      const abort = () => {
        done();
        reject(signal?.reason);
      };
      const check = (current: ClientState) => {
        const isClosed = current.status === "terminal" || (current.status === "idle" && current.lastClose !== null);
        if (!current.open && !isClosed) return;
        done();
        if (current.open) resolve(current);
        else reject(new HandshakeError(current.lastClose?.reason ?? "closed", "the client is closed for good"));
      };
      const stop = state.watchable.subscribe(check);
      if (signal?.aborted) abort();
      else {
        signal?.addEventListener("abort", abort);
        check(state.watchable.get());
      }
    });

  if (options.connect !== false) connect();
  const client: ChannelSocketClient = {
    chRecv: receiver,
    sendFn,
    requestFn,
    state: state.watchable,
    trace: (fn, { payloads = false } = {}) => tracer.add(fn, payloads),
    errorChan,
    chsk: { connect, disconnect, reconnect, breakConnection: () => driver.cut() },
    ready,
    close,
    ...disposable(async () => close()),
  };
  return client as unknown as ChannelSocketClient<C>;
}

function lostSession({ sessionId, inDoubt }: Extract<ClientOutput, { type: "gap" }>): SessionLostError {
  return new SessionLostError(sessionId, "the server does not know it any more", () => inDoubt);
}

/** Sente's three answers for a request that failed, or the reply. */
function callbackReply(settlement: Settlement): CallbackReply {
  if (settlement.ok) return settlement.value;
  if (settlement.code === "closed" || settlement.code === "timeout") return `chsk/${settlement.code}`;
  return "chsk/error";
}
