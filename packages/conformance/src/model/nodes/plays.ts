import type { House } from "../house.ts";
import type { Tab } from "../tab.ts";
import type { NodesCommand } from "./schedule.ts";
import type { Meant } from "./watch.ts";
import type { NodesWorld, Place } from "./world.ts";

// What each command of a schedule does.

type Of<T extends NodesCommand["type"]> = Extract<NodesCommand, { type: T }>;

/** Does what a command says. Time passes only in `wait`. */
export async function play(world: NodesWorld, command: NodesCommand): Promise<void> {
  if (command.type === "wait") await world.advance(command.ms);
  else if (command.type === "answer") answer(world);
  else if ("node" in command) playAt(world, command);
  else playForClient(world, command);
}

/** Handlers answer at every server, at those that are about to end, too. */
function answer({ places, clock }: NodesWorld): void {
  for (const { house, stalledUntilMs } of places) if (stalledUntilMs <= clock.now) house?.answer();
}

function playForClient(world: NodesWorld, command: Of<"send" | "ask" | "duplicate">): void {
  const tab = tabAt(world, command.client);
  if (tab === undefined) return;
  if (command.type === "send") for (let n = 0; n < command.count; n++) tab.send();
  else if (command.type === "ask") tab.ask(command.how, command.timeoutMs);
  else world.lineOf(tab).duplicate = command;
}

function playAt(world: NodesWorld, command: Extract<NodesCommand, { readonly node: number }>): void {
  const place = world.open[command.node % Math.max(1, world.open.length)];
  const tab = "client" in command ? tabAt(world, command.client) : undefined;
  // A process that stands still does nothing but die.
  const isDeath = command.type === "replace" && command.how === "kill";
  if (place === undefined || (place.stalledUntilMs > world.clock.now && !isDeath)) return;
  const { house } = place;
  const { server } = house.core;
  switch (command.type) {
    case "push":
      for (let n = 1; n <= command.count && tab !== undefined; n++) {
        const flush = command.flush && n === command.count;
        push(world, house, { uid: tab.uid }, (event) => server.sendFn(tab.uid, event, { flush }));
      }
      break;
    case "post":
      for (let n = 0; n < command.count; n++) {
        const { room } = command;
        push(world, house, { room }, (event) => server.sendFn({ room }, event));
      }
      break;
    case "broadcast":
      push(world, house, "all", (event) => server.broadcastFn(event));
      break;
    case "question":
      if (tab === undefined) break;
      world.questions.ask(server, { uid: tab.uid, clientId: tab.setup.clientId }, command.timeoutMs, () => {
        return house.actor.isDead;
      });
      break;
    case "move":
      if (tab === undefined) break;
      world.landing[tab.index] = place.index;
      breakConnection(world, tab, command);
      break;
    case "reconnect":
      if (tab === undefined) break;
      world.landing[tab.index] = place.index;
      tab.client.chsk.reconnect();
      break;
    case "replace":
      replace(world, place, command);
      break;
    default:
      if (place.nodeId !== undefined) disturb(world, place, place.nodeId, command);
  }
}

function tabAt(world: NodesWorld, index: number): Tab | undefined {
  return world.tabs[index % world.tabs.length];
}

function push({ watch }: NodesWorld, house: House, meant: Meant, send: (event: [string, unknown]) => unknown): void {
  const n = watch.pushes.length;
  watch.pushes.push({ house, meant });
  send(["s/n", { n }]);
}

function breakConnection(world: NodesWorld, tab: Tab, { toServer, toClient, clientMs, serverMs }: Of<"move">): void {
  const wire = world.wireOf(tab);
  if (wire === undefined) return;
  world.tracing.breaks(tab.index);
  if (!wire.isEstablished) wire.isLost = true;
  wire.cut(toServer, toClient);
  if (clientMs !== undefined) world.clock.after(clientMs, () => wire.client.end(1006, ""));
  if (serverMs !== undefined) world.clock.after(serverMs, () => wire.server.end(1006, ""));
}

function replace(world: NodesWorld, place: Place & { readonly house: House }, { how, downMs }: Of<"replace">): void {
  const { house, nodeId } = place;
  world.tracing.note("server", `${place.index}: ${how}`);
  if (how === "kill") {
    world.watch.trouble(world.clock.now);
    world.watch.killed.add(house);
    if (nodeId !== undefined) world.backplane.crash(nodeId);
    world.watch.requests.noteEnd(house, world.clock.now);
    world.end(place, downMs);
    return;
  }
  house.isClosing = true;
  const drainMs = how === "drain" ? 3_000 : 0;
  world.watch.requests.noteEnd(house, world.clock.now + drainMs);
  const closed = house.core.server.close({ drainMs });
  void closed.then(() =>
    world.clock.after(0, () => {
      if (place.house === house) world.end(place, downMs);
    }),
  );
}

/** Something happens to a node's way to the broker, or to its process. */
function disturb(
  world: NodesWorld,
  place: Place & { readonly house: House },
  nodeId: string,
  command: Of<"delay" | "split" | "stall" | "lose">,
): void {
  const { backplane, clock, watch } = world;
  const { house, index } = place;
  world.tracing.note("server", `${index}: ${command.type}`);
  if (command.type === "delay") {
    backplane.delay(nodeId, command.ms);
    return;
  }
  watch.isBrokerInTrouble = true;
  switch (command.type) {
    case "lose":
      // It is the next one, whenever that is.
      watch.trouble(Number.POSITIVE_INFINITY);
      backplane.drop(nodeId, command.way);
      break;
    case "split":
      watch.trouble(clock.now + command.forMs);
      backplane.split(nodeId);
      watch.away.add(house);
      clock.after(command.forMs, () => {
        if (house.actor.isDead) return;
        watch.away.delete(house);
        backplane.heal(nodeId);
      });
      break;
    case "stall":
      watch.trouble(clock.now + command.ms);
      house.actor.stall(command.ms);
      place.stalledUntilMs = clock.now + command.ms;
      backplane.stop(nodeId);
      clock.after(command.ms, () => {
        if (!house.actor.isDead) backplane.resume(nodeId);
      });
      break;
  }
}
