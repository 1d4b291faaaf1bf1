import { Mailbox } from "./mailbox.ts";
import { INSIDE, type Message } from "./source.ts";

/** Behind this many messages a loop lags, and their connections are not read on. */
const LAGGING = 64;

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
 * that same turn all get them.
 */
export function createReceiver<M extends Message>(maxReceived: number): ReceiverSource<M> {
  const listeners = new Map<string, Set<{ readonly fn: (message: M) => void }>>();
  let waiting: M[] | undefined = [];

  const call = (id: string, message: M): boolean => {
    const set = listeners.get(id);
    if (set === undefined) return false;
    for (const { fn } of [...set]) {
      try {
        fn(message);
      } catch (error) {
        message[INSIDE].source.report(error, { source: "listener", id: message.id });
      }
    }
    return true;
  };
  const dispatch = (message: M): boolean => {
    const named = call(message.id, message);
    return call("*", message) || named;
  };

  const deliver = (message: M): boolean => {
    if (waiting === undefined) return dispatch(message);
    if (waiting.length < maxReceived) waiting.push(message);
    else message[INSIDE].source.overflow();
    return true;
  };

  const release = () => {
    const held = waiting ?? [];
    waiting = undefined;
    for (const message of held) dispatch(message);
  };

  const on = (id: string, fn: (message: M) => void) => {
    // The first consumer: those that follow in this turn get what waited too.
    if (waiting !== undefined && listeners.size === 0) void Promise.resolve().then(release);
    const entry = { fn };
    const set = listeners.get(id) ?? new Set();
    listeners.set(id, set.add(entry));
    return () => {
      set.delete(entry);
      if (set.size === 0 && listeners.get(id) === set) listeners.delete(id);
    };
  };

  const receiver: PlainReceiver<M> = {
    on,
    once: (id, fn) => {
      const off = on(id, (message) => {
        off();
        fn(message);
      });
      return off;
    },
    [Symbol.asyncIterator]: () => loopOver(on, maxReceived),
  };
  return { receiver, deliver };
}

/** A loop over all messages: when it lags, the connections that it lags behind are paused, at the bound closed. */
function loopOver<M extends Message>(on: PlainReceiver<M>["on"], maxReceived: number): AsyncIterator<M> {
  const paused = new Set<M[typeof INSIDE]["source"]>();
  const resumeAll = () => {
    for (const source of paused) source.resume();
    paused.clear();
  };
  const mailbox = new Mailbox<M>(maxReceived, {
    onEnd: () => {
      off();
      resumeAll();
    },
    onTaken: () => {
      if (mailbox.size < LAGGING / 2) resumeAll();
    },
  });
  const off = on("*", (message) => {
    const { source } = message[INSIDE];
    if (!mailbox.put(message)) source.overflow();
    else if (mailbox.size >= LAGGING && !paused.has(source)) {
      paused.add(source);
      source.pause();
    }
  });
  return mailbox;
}
