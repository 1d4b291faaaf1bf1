import {
  type Handlers,
  type Receiver,
  ReplyError,
  type RouterHandler,
  type RouterOptions,
  UsageError,
} from "@sente-lite/protocol";
import { guard, isThenable } from "@sente-lite/protocol/calls";
import { checkOptions, showValue } from "@sente-lite/protocol/options";
import { Lane } from "@sente-lite/protocol/queues";
import { type Delivery, deliveryOf, type Peer, UNHANDLED } from "./delivery.ts";
import { checkHandledId, clientEvents, serverEvents } from "./handled-ids.ts";
import type { Place } from "./incoming.ts";
import { interceptorsOf, Passage } from "./interceptors.ts";
import { answer, fail } from "./replies.ts";

/** Ids of unhandled events that are remembered, so that each is warned of once. */
const MAX_WARNED = 100;
/** So much of an id is shown: a peer chose it. */
const MAX_SHOWN = 200;

const kinds = { concurrency: "number", onUnhandled: "function", use: 0 };

/** A client, a server, or its `chRecv`. */
export type Routable<M extends { readonly id: string }> = Receiver<M> | { readonly chRecv: Receiver<M> };

/**
 * Calls a handler for each message: one function for all, or a map by event id (`"*"`: the rest). What a handler
 * returns, or its promise resolves to, is the reply where one is wanted; `undefined` is none: it answers by `replyFn`.
 * A handler that throws is reported on the error channel, and the request answered `chsk/error`. The functions of `use`
 * are called before, in order, for every message. Returns the function that stops the router. Throws `UsageError` for
 * options that cannot be meant, and for a handler that is no function.
 */
export function startRouter<M extends { readonly id: string }>(
  routable: Routable<M>,
  handlers: Handlers<M["id"] | "*", M>,
  options: RouterOptions<M> = {},
): () => void {
  const receiver = receiverOf(routable);
  checkOptions("startRouter", options, kinds);
  const { concurrency = 1 } = options;
  if (!(concurrency >= 1 && (Number.isInteger(concurrency) || concurrency === Number.POSITIVE_INFINITY))) {
    throw new UsageError("bad-option", `concurrency is a whole number of at least 1, not ${concurrency}`);
  }
  const use = interceptorsOf(options.use);
  checkHandlers(handlers, listOwnEvents(routable));
  const lanes = new WeakMap<Peer, Lane<M>>();
  const warned = new Set<string>();
  const byId = typeof handlers === "function" ? undefined : new Map(Object.entries(handlers));
  const every = typeof handlers === "function" ? handlers : undefined;
  const handlerOf = (id: string) => every ?? byId?.get(id) ?? byId?.get("*");

  const tellUnhandled = (message: M) => {
    const { peer } = deliveryOf(message);
    const { onUnhandled } = options;
    if (onUnhandled !== undefined) {
      guard(
        () => onUnhandled(message),
        (error) => peer.report(error, { source: "onUnhandled", id: message.id }),
      );
      return;
    }
    const shown = message.id.slice(0, MAX_SHOWN);
    if (!warned.has(shown) && warned.size < MAX_WARNED) {
      warned.add(shown);
      peer.warn(`sente-lite: nobody handles ${shown}; give startRouter a handler for it, or onUnhandled`);
    }
  };
  const answerUnhandled = (message: M) => {
    if (isOwn(message)) return;
    deliveryOf(message).replyWithError?.(UNHANDLED);
    tellUnhandled(message);
  };

  const handle = (message: M): unknown => {
    const handler = handlerOf(message.id);
    if (handler !== undefined) return handler(message);
    if (isOwn(message)) return undefined;
    tellUnhandled(message);
    return new ReplyError(UNHANDLED.code, { message: UNHANDLED.message, data: UNHANDLED.data });
  };
  // Without interceptors, a handler that returns no promise is not waited for.
  const begin = (message: M): PromiseLike<void> | undefined =>
    use.length === 0 ? run(handlerOf(message.id), message, answerUnhandled) : new Passage(use, message, handle).run();

  const isVoid = (message: M) => deliveryOf(message).place.isVoid;
  const leaveOut = (message: M) => {
    const { place, worker } = deliveryOf(message);
    place.leave();
    worker?.endWork();
  };
  const laneOf = (peer: Peer, place: Place): Lane<M> => {
    const known = lanes.get(peer);
    if (known !== undefined) return known;
    const lane = new Lane(concurrency, work);
    lanes.set(peer, lane);
    // A handler may never end: what waits behind it and was given up must not be held by it.
    place.addConsumer(() => lane.forget(isVoid).forEach(leaveOut));
    return lane;
  };

  const work = (message: M): PromiseLike<void> | undefined => {
    const delivery = deliveryOf(message);
    const { place } = delivery;
    if (place.isVoid) {
      leaveOut(message);
      return undefined;
    }
    place.begin();
    place.leave();
    const working = place.act(begin, message);
    if (working !== undefined) {
      const done = delivery.worker?.watchHandler(message.id);
      return working.then(() => {
        done?.();
        endWork(delivery);
      });
    }
    endWork(delivery);
    return undefined;
  };

  return receiver.on("*", (message) => {
    const { peer, place, worker } = deliveryOf(message);
    place.wait();
    worker?.beginWork();
    laneOf(peer, place).put(message);
  });
}

function receiverOf<M extends { readonly id: string }>(routable: Routable<M>): Receiver<M> {
  const given: unknown = routable;
  if (typeof given === "object" && given !== null) {
    const receiver: unknown = "chRecv" in given ? given.chRecv : given;
    if (typeof (receiver as Partial<Receiver<M>> | null)?.on === "function") return receiver as Receiver<M>;
  }
  throw new UsageError("bad-argument", `startRouter takes a client, a server, or its chRecv, not ${showValue(given)}`);
}

/** The protocol's own events that arrive there; undefined where only a receiver is known. */
function listOwnEvents(routable: object): readonly string[] | undefined {
  if ("connectedUids" in routable) return serverEvents;
  return "chsk" in routable ? clientEvents : undefined;
}

function checkHandlers(handlers: unknown, own: readonly string[] | undefined): void {
  if (typeof handlers === "function") return;
  // A Map, or a promise, has no keys of its own: nothing would be handled.
  const isRecord = typeof handlers === "object" && handlers !== null && !(Symbol.iterator in handlers);
  if (!isRecord || isThenable(handlers)) {
    const what = "a function, or an object of functions by event id";
    throw new UsageError("bad-handler", `startRouter takes as handlers ${what}, not ${showValue(handlers)}`);
  }
  for (const [id, handler] of Object.entries(handlers)) {
    checkHandledId("startRouter", id, own);
    if (typeof handler !== "function") throw new UsageError("bad-handler", `the handler of ${id} is no function`);
  }
}

function endWork({ place, worker }: Delivery): void {
  place.end();
  worker?.endWork();
}

/** True for the protocol's own events, which need no handler. */
function isOwn(message: { readonly id: string }): boolean {
  return message.id.startsWith("chsk/");
}

/** Runs a handler; a promise only where it has to be waited for. */
function run<M extends { readonly id: string }>(
  handler: RouterHandler<M> | undefined,
  message: M,
  answerUnhandled: (message: M) => void,
): Promise<void> | undefined {
  try {
    if (handler === undefined) {
      answerUnhandled(message);
      return undefined;
    }
    const result = handler(message);
    if (isThenable(result)) {
      return Promise.resolve(result).then(
        (value) => answer(message, value, "handler"),
        (error: unknown) => fail(message, error, "handler"),
      );
    }
    answer(message, result, "handler");
  } catch (error) {
    fail(message, error, "handler");
  }
  return undefined;
}
