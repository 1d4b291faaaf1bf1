import { findById } from "../elements.ts";
import type { Stall } from "../stall.ts";

const STALL_MS = 5_000;

/**
 * The buttons with which one does to the connection what networks and deploys do. `showNodes` is told the token of a demo
 * over several servers.
 */
export function createTrials(
  cut: () => void,
  stall: Stall,
  showNodes: (token: string) => Promise<boolean>,
): { readonly noteUnfolded: () => void } {
  findById("cut", HTMLButtonElement).addEventListener("click", cut);

  const stallButton = findById("stall", HTMLButtonElement);
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

  const restart = findById("restart", HTMLButtonElement);
  const said = findById("restart-error", HTMLParagraphElement);
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
    // Several servers have a button each.
    const isOne = token !== "" && !(await showNodes(token));
    findById("restart-trial", HTMLDivElement).hidden = !isOne;
  };
  return {
    noteUnfolded: () => {
      if (isAsked) return;
      isAsked = true;
      void askServer();
    },
  };
}
