import { guarded, Mailbox } from "@sente-lite/protocol/session";
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
  /** How many of them this side made up, and the bytes of the others. */
  let own = 0;
  let bytes = 0;

  const call = (id: string, message: M): boolean => {
    const set = listeners.get(id);
    if (set === undefined) return false;
    for (const { fn } of [...set]) {
      guarded(
        () => fn(message),
        (error) => message[INSIDE].source.report(error, { source: "listener", id: message.id }),
      );
    }
    return true;
  };
  const dispatch = (message: M): boolean => {
    const named = call(message.id, message);
    return call("*", message) || named;
  };

  const deliver = (message: M): boolean => {
    if (waiting === undefined) return dispatch(message);
    const { source, weight } = message[INSIDE];
    if (weight.isOwn) {
      waiting.push(message);
      if (++own > maxReceived) forgetOldestOwn(waiting);
    } else if (waiting.length - own < maxReceived && bytes + weight.bytes <= source.maxReceivedBytes) {
      waiting.push(message);
      bytes += weight.bytes;
    } else {
      source.overflow();
    }
    return true;
  };
  /** What this side made up itself is not worth a connection: where nobody wants it, the oldest goes. */
  const forgetOldestOwn = (held: M[]) => {
    own--;
    held.splice(
      held.findIndex((one) => one[INSIDE].weight.isOwn),
      1,
    );
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
  let bytes = 0;
  const resumeAll = () => {
    for (const source of paused) source.resume();
    paused.clear();
  };
  const mailbox = new Mailbox<M>(maxReceived, {
    onEnd: () => {
      off();
      resumeAll();
    },
    onTaken: (message) => {
      bytes -= message[INSIDE].weight.bytes;
      if (mailbox.size < LAGGING / 2) resumeAll();
    },
  });
  const off = on("*", (message) => {
    const { source, weight } = message[INSIDE];
    const hasRoom = bytes + weight.bytes <= source.maxReceivedBytes;
    if (!hasRoom || !mailbox.put(message)) {
      if (!weight.isOwn) source.overflow();
      return;
    }
    bytes = mailbox.size === 0 ? 0 : bytes + weight.bytes;
    if (mailbox.size >= LAGGING && !paused.has(source)) {
      paused.add(source);
      source.pause();
    }
  });
  return mailbox;
}
