import type { ChannelSocketClient, ClientState } from "@sente-lite/browser";
import { findById } from "./elements.ts";

interface Look {
  readonly state: "connected" | "connecting" | "reconnecting" | "waiting" | "offline";
  readonly text: string;
  /** What a screen reader says: without the seconds, so that it says it once. */
  readonly spoken: string;
  readonly button?: string;
}

/** Shows the state of the connection, and lets one come back at once. */
export function showConnection(client: ChannelSocketClient): void {
  const badge = findById("link", HTMLDivElement);
  const text = findById("link-text", HTMLSpanElement);
  const spoken = findById("link-status", HTMLSpanElement);
  const button = findById("link-button", HTMLButtonElement);
  let ticking: ReturnType<typeof setInterval> | undefined;

  const show = () => {
    const look = lookOf(client.state.get(), Date.now(), navigator.onLine);
    badge.dataset.state = look.state;
    if (text.textContent !== look.text) text.textContent = look.text;
    if (spoken.textContent !== look.spoken) spoken.textContent = look.spoken;
    button.hidden = look.button === undefined;
    button.textContent = look.button ?? "";
    if (look.state === "waiting") ticking ??= setInterval(show, 250);
    else {
      clearInterval(ticking);
      ticking = undefined;
    }
  };

  client.state.subscribe(show);
  addEventListener("online", show);
  addEventListener("offline", show);
  button.addEventListener("click", () => client.chsk.reconnect());
  show();
}

export function lookOf(state: ClientState, now: number, onLine: boolean): Look {
  if (state.open) return { state: "connected", text: "Connected", spoken: "Connected" };
  switch (state.status) {
    case "idle":
      return { state: "offline", text: "Offline", spoken: "Offline", button: "Connect" };
    case "terminal":
      return { state: "offline", text: "Disconnected", spoken: "Disconnected", button: "Reconnect" };
    case "backoff": {
      if (!onLine) return { state: "offline", text: "Offline", spoken: "Offline", button: "Try" };
      const seconds = Math.max(1, Math.ceil(((state.udtNextReconnect ?? now) - now) / 1_000));
      return {
        state: "waiting",
        text: `Reconnecting in ${seconds} s`,
        spoken: "Connection lost, reconnecting",
        button: "Now",
      };
    }
    default:
      return state.everOpened
        ? { state: "reconnecting", text: "Reconnecting", spoken: "Connection lost, reconnecting" }
        : { state: "connecting", text: "Connecting", spoken: "" };
  }
}
