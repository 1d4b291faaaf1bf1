import { byId } from "../elements.ts";
import type { Stall } from "../stall.ts";

const STALL_MS = 5_000;

/** The buttons with which one does to the connection what networks and deploys do. */
export function createTrials(cut: () => void, stall: Stall): { readonly unfolded: () => void } {
  byId("cut", HTMLButtonElement).addEventListener("click", cut);

  const stallButton = byId("stall", HTMLButtonElement);
  const idle = stallButton.textContent;
  const countDown = () => {
    const until = stall.until();
    // Not `disabled`, which would take the focus away.
    stallButton.setAttribute("aria-disabled", String(until !== undefined));
    stallButton.textContent =
      until === undefined ? idle : `Stalled, ${Math.max(1, Math.ceil((until - Date.now()) / 1_000))} s`;
    if (until !== undefined) setTimeout(countDown, 250);
  };
  stallButton.addEventListener("click", () => {
    if (stall.until() !== undefined) return;
    stall.hold(STALL_MS);
    countDown();
  });

  const restart = byId("restart", HTMLButtonElement);
  const said = byId("restart-error", HTMLParagraphElement);
  restart.addEventListener("click", async () => {
    // A server that ends at once may not answer any more; then the badge tells the rest.
    const response = await fetch(`/demo/restart/${token}`, { method: "POST" }).catch(() => undefined);
    said.textContent = response === undefined || response.ok ? "" : "The server refused to restart.";
  });

  // Only a server in demo mode lets anybody restart it. Nobody need ask before somebody looks.
  let isAsked = false;
  let token = "";
  const askServer = async () => {
    const response = await fetch("/demo").catch(() => undefined);
    // Not there just now: the next unfolding asks again.
    isAsked = response !== undefined;
    if (response?.status === 200) token = await response.text();
    byId("restart-trial", HTMLDivElement).hidden = token === "";
  };
  return {
    unfolded: () => {
      if (isAsked) return;
      isAsked = true;
      void askServer();
    },
  };
}
