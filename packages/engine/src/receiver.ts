import { guard } from "@sente-lite/protocol/calls";
import { checkFunction } from "@sente-lite/protocol/options";
import { Mailbox } from "@sente-lite/protocol/queues";
import { DELIVERY, type Message } from "./delivery.ts";
import { EarlyMessages } from "./early-messages.ts";
import { checkHandledId } from "./handled-ids.ts";
import type { IncomingLimits } from "./incoming.ts";

/** A `Receiver`, before a contract makes something of its types. */
interface PlainReceiver<M> extends AsyncIterable<M> {
  readonly on: (id: string, fn: (message: M) => void) => () => void;
  readonly once: (id: string, fn: (message: M) => void) => () => void;
}

export interface ReceiverSource<M> {
  readonly receiver: PlainReceiver<M>;
  /** False where nobody wants it. */
  readonly deliver: (message: M) => boolean;
}

/**
 * The receiver of a client or server. Until its first consumer comes, messages wait; the consumers that are added in
 * that same turn all get them. `own` are the protocol's own events that it delivers.
 */
export function createReceiver<M extends Message>(limits: IncomingLimits, own: readonly string[]): ReceiverSource<M> {
  const listeners = new Map<string, Set<{ readonly fn: (message: M) => void }>>();
  let early: EarlyMessages<M> | undefined = new EarlyMessages(limits);

  const call = (id: string, message: M): boolean => {
    const set = listeners.get(id);
    if (set === undefined) return false;
    const [first] = set;
    if (first !== undefined && set.size === 1) {
      callListener(first.fn, message);
      return true;
    }
    for (const listener of [...set]) {
      // One that was called before may have removed it.
      if (set.has(listener)) callListener(listener.fn, message);
    }
    return true;
  };
  const dispatch = (message: M): boolean => {
    const named = call(message.id, message);
    return call("*", message) || named;
  };

  const deliver = (message: M): boolean => {
    if (early === undefined) return dispatch(message);
    early.put(message);
    return true;
  };

  const release = () => {
    const messages = early?.takeAll() ?? [];
    early = undefined;
    // All of them wait from now on, so that the bounds hold while the first are handled.
    for (const {
      [DELIVERY]: { place },
    } of messages)
      place.wait();
    for (const message of messages) {
      const { place } = message[DELIVERY];
      place.end();
      if (!place.isVoid) dispatch(message);
      place.leave();
    }
  };

  const check = (taker: string, id: string, fn: (message: M) => void) => {
    checkHandledId(taker, id, own);
    checkFunction(taker, fn);
  };

  const add = (id: string, fn: (message: M) => void) => {
    // The first consumer: those that follow in this turn get what waited too.
    if (early !== undefined && listeners.size === 0) void Promise.resolve().then(release);
    const entry = { fn };
    const set = listeners.get(id) ?? new Set();
    listeners.set(id, set.add(entry));
    return () => {
      set.delete(entry);
      if (set.size === 0 && listeners.get(id) === set) listeners.delete(id);
    };
  };

  const receiver: PlainReceiver<M> = {
    on: (id, fn) => {
      check("chRecv.on(id, fn)", id, fn);
      return add(id, fn);
    },
    once: (id, fn) => {
      check("chRecv.once(id, fn)", id, fn);
      const off = add(id, (message) => {
        off();
        fn(message);
      });
      return off;
    },
    [Symbol.asyncIterator]: () => loopOver(add),
  };
  return { receiver, deliver };
}

function callListener<M extends Message>(fn: (message: M) => void, message: M): void {
  guard(
    () => fn(message),
    (error) => message[DELIVERY].peer.report(error, { source: "listener", id: message.id }),
  );
}

/** A loop over all messages. What waits for it counts against the bounds of its peer. */
function loopOver<M extends Message>(on: PlainReceiver<M>["on"]): AsyncIterator<M> {
  const mailbox = new Mailbox<M>(Number.POSITIVE_INFINITY, {
    accepts: (message) => !message[DELIVERY].place.isVoid,
    onTaken: (message) => message[DELIVERY].place.leave(),
    onEnd: () => off(),
  });
  const off = on("*", (message) => {
    message[DELIVERY].place.wait();
    mailbox.put(message);
  });
  return mailbox;
}
