import { type ChannelSocketClient, type ClientState, HandshakeError, type Watchable } from "@sente-lite/protocol";
import { checkOptions } from "@sente-lite/protocol/options";
import { checkSignal, onAbort } from "../abort.ts";

const readyKinds = { signal: "object" };

/** Resolves when the client is open; rejects with `HandshakeError` where it is closed for good, or with the signal's reason. */
export function waitUntilOpen(
  state: Watchable<ClientState>,
  ...[options = {}]: Parameters<ChannelSocketClient["ready"]>
): Promise<ClientState> {
  return new Promise((resolve, reject) => {
    checkOptions("ready", options, readyKinds);
    const signal = checkSignal("ready", options.signal);
    let stopWaiting = () => {};
    const check = (current: ClientState) => {
      const isClosed = current.status === "terminal" || (current.status === "idle" && current.lastClose !== null);
      if (!current.open && !isClosed) return;
      finish();
      if (current.open) resolve(current);
      else reject(createClosedError(current));
    };
    const stopWatching = state.subscribe(check);
    const finish = () => {
      stopWatching();
      stopWaiting();
    };
    const abort = () => {
      finish();
      reject(signal?.reason);
    };
    if (signal?.aborted) abort();
    else {
      stopWaiting = onAbort(signal, abort);
      check(state.get());
    }
  });
}

/** With what the server said, where it did. Where no attempt succeeded, the cause is why the last one failed. */
function createClosedError({ lastClose, lastWsError }: ClientState): HandshakeError {
  const reason = lastClose?.reason ?? "closed";
  const { code, message, ...told } = lastClose?.refusal ?? { code: reason, message: "" };
  const cause = reason === "max-attempts" && lastWsError !== null ? { cause: lastWsError } : {};
  return new HandshakeError(code, message || "the client is closed for good", { ...told, ...cause });
}
