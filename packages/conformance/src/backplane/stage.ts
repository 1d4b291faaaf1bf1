import { randomUUID } from "node:crypto";
import type { Backplane, Membership } from "@sente-lite/protocol/backplane";
import { TcpProxy } from "../stage/tcp-proxy.ts";
import { Heard } from "./heard.ts";
import { NodeProcess, type NodeProcessOptions } from "./node-process.ts";

/** What a driver is made with. */
export interface DriverOptions {
  /** Where the broker is, or a proxy before it. */
  readonly port: number;
  /** Other nodes of the same test have the same one. */
  readonly prefix: string;
  readonly leaseMs?: number | undefined;
  readonly keptPosts?: number | undefined;
}

/** A driver, and the broker that it needs, if any. */
export interface Driver {
  readonly make: (options: DriverOptions) => Backplane;
  /** Undefined where the driver has no broker: nothing of the network is tested then. */
  readonly broker: Broker | undefined;
}

/** A broker that runs. */
export interface Broker {
  /** Of the driver, for `node.mjs`. */
  readonly name: "redis" | "nats";
  readonly port: number;
  /** Ends it with all that it has in memory, and starts it on the same port. */
  restart(): Promise<void>;
  /** Publishes these bytes on the channel of a topic, as somebody else might. */
  publish(prefix: string, topic: string, bytes: Uint8Array): Promise<void>;
  stop(): Promise<void>;
}

/** A node in this process. */
export interface StagedNode {
  readonly id: string;
  readonly heard: Heard;
  readonly membership: Membership;
}

/** The nodes of one test, and what is between them and the broker. */
export class Stage {
  readonly prefix: string = `test-${randomUUID()}`;
  readonly #driver: Driver;
  readonly #nodes: StagedNode[] = [];
  readonly #proxies: TcpProxy[] = [];
  readonly #processes: NodeProcess[] = [];

  constructor(driver: Driver) {
    this.#driver = driver;
  }

  get broker(): Broker {
    if (this.#driver.broker === undefined) throw new Error("this driver has no broker");
    return this.#driver.broker;
  }

  /** The driver, for a whole server. */
  makeBackplane(): Backplane {
    return this.#driver.make({ port: this.#driver.broker?.port ?? 0, prefix: this.prefix });
  }

  /** The same behind a proxy of its own. */
  async makeBackplaneBehindProxy(): Promise<{ readonly backplane: Backplane; readonly proxy: TcpProxy }> {
    const proxy = this.#addProxy();
    return { backplane: this.#driver.make({ port: await proxy.listen(), prefix: this.prefix }), proxy };
  }

  async join(id: string, options: Partial<DriverOptions> = {}): Promise<StagedNode> {
    const heard = new Heard();
    const port = this.#driver.broker?.port ?? 0;
    const membership = await this.#driver.make({ port, prefix: this.prefix, ...options }).join(id, heard);
    const node = { id, heard, membership };
    this.#nodes.push(node);
    return node;
  }

  /** Nodes that know each other. */
  async joinAll<Id extends string>(...ids: readonly Id[]): Promise<Record<Id, StagedNode>> {
    const nodes = await Promise.all(ids.map((id) => this.join(id)));
    await know(...nodes);
    return Object.fromEntries(nodes.map((node) => [node.id, node])) as Record<Id, StagedNode>;
  }

  /** A node behind a proxy of its own. */
  async joinThroughProxy(id: string, options: Partial<DriverOptions> = {}): Promise<StagedNode & { proxy: TcpProxy }> {
    const proxy = this.#addProxy();
    return { ...(await this.join(id, { ...options, port: await proxy.listen() })), proxy };
  }

  /** A node in a process of its own. */
  async start(options: Pick<NodeProcessOptions, "id"> & Partial<NodeProcessOptions>): Promise<NodeProcess> {
    const { name, port } = this.broker;
    const started = await NodeProcess.start({ name, port, prefix: this.prefix, ...options });
    this.#processes.push(started);
    return started;
  }

  #addProxy(): TcpProxy {
    const proxy = new TcpProxy(this.broker.port);
    this.#proxies.push(proxy);
    return proxy;
  }

  async end(): Promise<void> {
    for (const proxy of this.#proxies) proxy.do({ type: "flow" });
    await Promise.all(this.#nodes.map(({ membership }) => membership.leave()));
    await Promise.all(this.#processes.map((one) => one.stop()));
    await Promise.all(this.#proxies.map((proxy) => proxy.close()));
  }
}

/** Resolves when these know each other. */
export async function know(...nodes: readonly StagedNode[]): Promise<void> {
  await Promise.all(
    nodes.flatMap(({ id, heard }) =>
      nodes.filter((other) => other.id !== id).map((other) => heard.line(`joined ${other.id}`)),
    ),
  );
}
