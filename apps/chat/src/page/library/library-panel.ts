import type { ChannelSocketClient, ClientState } from "@sente-lite/browser";
import type { Person } from "../../domain/events.ts";
import { findById } from "../elements.ts";
import type { Stall } from "../stall.ts";
import { createFrameLog } from "./frame-log.ts";
import { createNodeList } from "./node-list.ts";
import { createRoundTripPlot } from "./round-trip-plot.ts";
import { createTrials } from "./trials.ts";
import { emptyRecord, recordEntry, type Told } from "./wire-record.ts";

/** The panel in which one sees the library work. Nothing is drawn while it is folded away. */
export function createLibraryPanel(
  client: ChannelSocketClient,
  codecName: string,
  stall: Stall,
  me: () => Person | undefined,
): void {
  const panel = findById("library", HTMLElement);
  const button = findById("library-button", HTMLButtonElement);
  const payloads = findById("payloads", HTMLInputElement);
  const facts = {
    state: findById("fact-state", HTMLElement),
    codec: findById("fact-codec", HTMLElement),
    session: findById("fact-session", HTMLElement),
    attempts: findById("fact-attempts", HTMLElement),
    queued: findById("fact-queued", HTMLElement),
    out: findById("fact-out", HTMLElement),
    in: findById("fact-in", HTMLElement),
  };
  const plot = createRoundTripPlot();
  const log = createFrameLog();
  const trials = createTrials(
    client.chsk.breakConnection,
    stall,
    createNodeList(client, me, () => !panel.hidden),
  );
  let record = emptyRecord;

  let isDue = false;
  const show = () => {
    if (isDue || panel.hidden) return;
    isDue = true;
    requestAnimationFrame(() => {
      isDue = false;
      if (panel.hidden) return;
      const state = client.state.get();
      const texts: Record<keyof typeof facts, string> = {
        state: state.status,
        codec: codecName,
        session: sessionOf(state),
        attempts: String(state.reconnectCount),
        queued: String(state.queued),
        out: countOf(record.out),
        in: countOf(record.in),
      };
      for (const name of Object.keys(facts) as (keyof typeof facts)[]) {
        if (facts[name].textContent !== texts[name]) facts[name].textContent = texts[name];
      }
      facts.state.dataset.status = state.status;
      plot(record.roundTrips);
      log(record.entries);
    });
  };

  // The frames of the beginning are there when somebody unfolds the panel later; what they say never is, unless asked.
  const watch = (withPayloads: boolean) =>
    client.trace(
      (entry) => {
        record = recordEntry(record, entry, performance.now());
        show();
      },
      { payloads: withPayloads },
    );
  let stop = watch(false);
  const watchAnew = () => {
    stop();
    stop = watch(payloads.checked && !panel.hidden);
  };
  payloads.addEventListener("change", () => {
    watchAnew();
    if (payloads.checked) return;
    const stripPayload = ({ key, entry }: (typeof record.entries)[number]) =>
      entry.type === "frame" && entry.payload !== undefined
        ? { key, entry: { ...entry, payload: "" } }
        : { key, entry };
    record = { ...record, entries: record.entries.map(stripPayload) };
    show();
  });

  const fold = (isFolded: boolean) => {
    panel.hidden = isFolded;
    button.setAttribute("aria-expanded", String(!isFolded));
    document.documentElement.toggleAttribute("data-library", !isFolded);
    watchAnew();
    if (isFolded) return;
    trials.noteUnfolded();
    show();
  };
  button.addEventListener("click", () => fold(!panel.hidden));
  const foldAndGoBack = () => {
    fold(true);
    button.focus();
  };
  findById("library-close", HTMLButtonElement).addEventListener("click", foldAndGoBack);
  document.addEventListener("keydown", (event) => {
    // What lies over it is closed first: a dialog, or a list that came in from the side.
    if (event.key !== "Escape" || event.defaultPrevented || panel.hidden || event.isComposing) return;
    if (document.querySelector("dialog[open], :popover-open") !== null) return;
    foldAndGoBack();
  });
  client.state.subscribe(show);
}

export function sessionOf({ sessionId, resumed, sessionLost }: ClientState): string {
  if (sessionId === null) return "none";
  const went = resumed ? "resumed, nothing lost" : sessionLost ? "begun anew, the last one was lost" : "new";
  // It is a secret: whoever has it whole can go on with the session.
  return `${sessionId.slice(0, 6)}… ${went}`;
}

export function countOf({ frames, bytes }: Told): string {
  return `${frames} frames, ${bytes < 1_024 ? `${bytes} B` : `${(bytes / 1_024).toFixed(1)} KB`}`;
}
