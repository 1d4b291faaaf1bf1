import type { ChannelSocketClient } from "@sente-lite/browser";
import type { Person } from "../../domain/events.ts";
import { fieldsOf, readCount, readRuntime } from "../../domain/readers.ts";
import { findById, make, runtimeBadge } from "../elements.ts";
import { createKeyedList } from "../keyed-list.ts";

const ASK_MS = 1_000;

/** A server of the demo, as its balancer tells of it. */
interface NodeState {
  readonly name: string;
  readonly runtime: string;
  readonly state: string;
  readonly connections: number;
}

/** Shows the servers of a demo, on which of them we are, and lets one restart or kill each. */
export function createNodeList(
  client: ChannelSocketClient,
  me: () => Person | undefined,
  isShown: () => boolean,
): (token: string) => Promise<boolean> {
  const list = findById("nodes", HTMLUListElement);
  const error = findById("nodes-error", HTMLParagraphElement);
  const move = findById("move", HTMLButtonElement);
  const act = async (path: string) => {
    const response = await fetch(`/demo/${path}`, { method: "POST" }).catch(() => undefined);
    error.textContent = response?.ok === true ? "" : "That did not work: try again.";
  };
  let token = "";
  move.addEventListener(
    "click",
    () => void act(`move/${token}/${encodeURIComponent(client.state.get().clientId ?? "")}`),
  );

  const update = createKeyedList<NodeState & { readonly isOurs: boolean }>(list, {
    key: ({ name }) => name,
    create: ({ name, runtime }) => {
      const item = make("li", "node");
      const buttons = (["restart", "kill"] as const).map((what) => {
        const button = make("button", "quiet", what === "restart" ? "Restart" : "Kill");
        button.type = "button";
        button.setAttribute("aria-label", `${button.textContent} ${name}`);
        button.addEventListener("click", () => void act(`${what}/${token}/${name}`));
        return button;
      });
      item.append(runtimeBadge(runtime), make("span", "node-name", name), make("span", "node-state"), ...buttons);
      return item;
    },
    update: (item, { state, connections, isOurs }) => {
      item.dataset.state = state;
      const text = state === "up" ? `${connections} connected${isOurs ? ", you too" : ""}` : state;
      item.querySelector(".node-state")?.replaceChildren(text);
      for (const button of item.querySelectorAll("button")) button.disabled = state !== "up";
    },
  });

  const ask = async (): Promise<boolean> => {
    const response = await fetch("/demo/nodes").catch(() => undefined);
    if (response?.status !== 200) return false;
    const told: unknown = await response.json().catch(() => undefined);
    const nodes = Array.isArray(told) ? told.map(readNode).filter((node) => node !== undefined) : [];
    update(nodes.map((node) => ({ ...node, isOurs: node.name === me()?.node })));
    return nodes.length > 0;
  };
  return async (given) => {
    token = given;
    const isThere = await ask();
    findById("nodes-part", HTMLDivElement).hidden = !isThere;
    findById("move-trial", HTMLDivElement).hidden = !isThere;
    if (isThere) setInterval(() => isShown() && void ask(), ASK_MS);
    return isThere;
  };
}

function readNode(value: unknown): NodeState | undefined {
  const { name, runtime, state, connections } = fieldsOf(value);
  const [nodeName, nodeRuntime, nodeState] = [readRuntime(name), readRuntime(runtime), readRuntime(state)];
  if (nodeName === undefined || nodeRuntime === undefined || nodeState === undefined) return undefined;
  return { name: nodeName, runtime: nodeRuntime, state: nodeState, connections: readCount(connections) ?? 0 };
}
