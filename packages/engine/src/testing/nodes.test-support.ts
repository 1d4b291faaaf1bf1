import type { ChannelSocketServer, ServerOptions } from "@sente-lite/protocol";
import { json } from "@sente-lite/protocol/json";
import { type MemoryBackplane, memoryBackplane } from "@sente-lite/protocol/testing";
import type { Host } from "../host.ts";
import type { Decision } from "../server/decision.ts";
import type { UpgradeRequest } from "../server/request.ts";
import { createServer } from "../server/server.ts";
import { TEST_ACCESS, type TestAccess } from "../server/test-access.ts";
import { connectInMemory, type InMemory } from "./in-memory.ts";
import { testHost } from "./setting.test-support.ts";

/** One server of several, and what it said on its error channel. */
export interface Node {
  readonly server: ChannelSocketServer;
  /** Codes, in order. */
  readonly errors: string[];
}

export interface Nodes extends InMemory {
  readonly backplane: MemoryBackplane;
  /** Starts one more server. */
  readonly start: (options?: ServerOptions) => Node;
  /** To which server connections go from now on; where it is none they are refused, as while nothing listens. */
  readonly land: (node: Node | undefined) => void;
  /** The id under which a server joined last. */
  readonly nodeOf: (node: Node) => string;
  /** The last upgrade request of a client gets to a server once more, as that attempt. */
  readonly replay: (node: Node, attempt: number) => Promise<Decision>;
  /** An upgrade request of that user's first client, for a session, gets to a server. */
  readonly arrive: (node: Node, uid: string, sessionId: string) => Promise<Decision>;
}

/** Servers of one application in one process, in virtual time, on one memory backplane; clients land where they are told to. */
export function nodes(common: ServerOptions = {}): Nodes {
  const first = testHost();
  const hosts: ((host: Host) => void)[] = [];
  let current: Host = first;
  let landing: TestAccess | undefined;
  let last: UpgradeRequest | undefined;
  const inside: TestAccess = {
    host: first,
    useHost: (host) => {
      current = host;
      for (const use of hosts) use(host);
    },
    codecs: [json],
    admit: async (request) => {
      last = request;
      return (await landing?.admit(request)) ?? { type: "refuse", status: 503, body: "nobody listens" };
    },
  };
  const balancer = { [TEST_ACCESS]: inside } as unknown as Pick<ChannelSocketServer, "errorChan">;
  const memory = connectInMemory({ server: balancer });
  const backplane = memoryBackplane({
    clock: {
      get now() {
        return memory.clock.now();
      },
      after: (ms, fn) => {
        const timer = memory.clock.setTimeout(fn, ms);
        return () => memory.clock.clearTimeout(timer);
      },
    },
  });
  const nodeIds = new WeakMap<Node, () => string>();
  const accessOf = ({ server }: Node) => (server as unknown as { readonly [TEST_ACCESS]: TestAccess })[TEST_ACCESS];
  const start = (options: ServerOptions = {}): Node => {
    const uidOf: ServerOptions["userIdFn"] = ({ url }) => url.searchParams.get("uid") || null;
    let joined = "";
    const noteJoin: MemoryBackplane["join"] = (id, inbox) => {
      joined = id;
      return backplane.join(id, inbox);
    };
    const { server } = createServer({
      host: current,
      codecs: [json],
      options: { userIdFn: uidOf, backplane: { join: noteJoin }, ...common, ...options },
    });
    const errors: string[] = [];
    server.errorChan.on(({ error }) => errors.push((error as { code?: string }).code ?? error.message));
    const node = { server, errors };
    nodeIds.set(node, () => joined);
    hosts.push(accessOf(node).useHost);
    accessOf(node).useHost(current);
    return node;
  };
  const land = (node: Node | undefined) => {
    landing = node && accessOf(node);
  };
  const arrive = (node: Node, uid: string, sessionId: string) =>
    accessOf(node).admit({
      url: new URL(`ws://memory/chsk?uid=${uid}&client-id=ann&codec=json&sente-lite=1&attempt=9`),
      headers: new Headers({ "sec-websocket-protocol": `sente-lite, session.${sessionId}.0` }),
      raw: undefined,
    });
  const nodeOf = (node: Node) => nodeIds.get(node)?.() ?? "";
  const replay = (node: Node, attempt: number) => {
    if (last === undefined) throw new Error("no client has come");
    const url = new URL(last.url);
    url.searchParams.set("attempt", `${attempt}`);
    return accessOf(node).admit({ ...last, url });
  };
  return { ...memory, backplane, start, land, nodeOf, arrive, replay };
}
