import { FORGED_ACK } from "./forging.ts";
import type { House } from "./house.ts";
import type { Command } from "./schedule.ts";
import type { Tab } from "./tab.ts";
import type { SessionFacts } from "./watch.ts";
import type { World } from "./world.ts";

// What each command of a schedule does to the world.

type Of<T extends Command["type"]> = Extract<Command, { type: T }>;

/** Does what a command says. Time passes only in `wait`. */
export async function play(world: World, command: Command): Promise<void> {
  if (command.type === "wait") await world.advance(command.ms);
  else if ("client" in command) playForClient(world, command);
  else playForAll(world, command);
}

function playForAll(world: World, command: Exclude<Command, { readonly client: number } | Of<"wait">>): void {
  const { house } = world;
  switch (command.type) {
    case "answer":
      house?.answer();
      break;
    case "broadcast": {
      const except = command.except === undefined ? undefined : tabAt(world, command.except)?.uid;
      push(
        world,
        undefined,
        ({ uid }) => uid !== except,
        (event) => house?.core.server.broadcastFn(event, except === undefined ? {} : { except }),
      );
      break;
    }
    case "restart":
      restart(world, command);
      break;
    case "stall":
      actorOf(world, command.who)?.stall(command.ms);
      world.tracing.note(noteOf(world, command.who), `stands still for ${command.ms} ms`);
      break;
    case "stallOnPing": {
      const sleeper = command.who === "server" ? world : tabAt(world, command.who);
      if (sleeper !== undefined) sleeper.stallOnPingMs = command.ms;
      break;
    }
    case "clock":
      actorOf(world, command.who)?.setClock(command.byMs);
      world.tracing.note(noteOf(world, command.who), `clock set by ${command.byMs} ms`);
      break;
    case "refuse": {
      const { forMs, status, retryInMs, spreadMs } = command;
      const refusal = { status, retryInMs, spreadMs };
      world.refusal = refusal;
      world.clock.after(forMs, () => {
        if (world.refusal === refusal) world.refusal = null;
      });
      break;
    }
  }
}

function playForClient(world: World, command: Extract<Command, { readonly client: number }>): void {
  const tab = tabAt(world, command.client);
  if (tab === undefined) return;
  const line = world.lineOf(tab);
  const { now } = world.clock;
  switch (command.type) {
    case "send":
      for (let n = 0; n < command.count; n++) tab.send();
      break;
    case "ask":
      tab.ask(command.how, command.timeoutMs);
      break;
    case "question":
      // Where events wait for slow consumers, so would questions.
      if (world.house !== undefined && world.setup.inbound === undefined)
        askClient(world, world.house, tab, command.timeoutMs);
      break;
    case "push":
      for (let n = 0; n < command.count; n++) pushTo(world, tab, undefined, command.flush && n === command.count - 1);
      break;
    case "poison":
    case "big":
      if (command.type === "poison") world.isPoisoned = true;
      else world.bigTo ??= command.to;
      if (command.type === "big" && world.bigTo !== command.to) break;
      if (command.to === "server") tab.send(command.type);
      else pushTo(world, tab, command.type, true);
      break;
    case "drop":
      drop(world, tab, command);
      break;
    case "halfOpen": {
      const wire = world.wireOf(tab);
      const side = command.deaf === "server" ? wire?.client : wire?.server;
      side?.pipe.cut(undefined);
      world.tracing.note(tab.index, `the ${command.deaf} hears nothing any more`);
      break;
    }
    case "network":
      Object.assign(line, {
        isUp: command.isUp,
        latencyMs: command.latencyMs,
        openMs: command.openMs,
        bytesPerMs: command.bytesPerMs ?? Number.POSITIVE_INFINITY,
      });
      if (!command.isUp) world.wireOf(tab)?.cut(undefined, undefined);
      world.tracing.note(tab.index, command.isUp ? `network: ${command.latencyMs} ms` : "no network");
      break;
    case "duplicate":
      line.duplicate = command;
      break;
    case "replay": {
      const wire = world.wireOf(tab);
      if (wire !== undefined) world.network.openGhost(wire.url, wire.protocols, tab.uid, 0, command.staysMs);
      break;
    }
    case "loseHandshakes":
      line.losesHandshakesUntil = now + command.forMs;
      break;
    case "hot":
      line.hotUntil = now + command.forMs;
      break;
    case "reconnect":
      tab.notBefore = 0;
      tab.client.chsk.reconnect();
      break;
    case "hasten":
      tab.hasten();
      break;
    case "break":
      breakConnection(world, tab, command.by);
      break;
    case "login":
      // Its session waits for the user that it was, until its window is over.
      world.network.ghosts++;
      tab.logins++;
      tab.notBefore = 0;
      tab.uid = tab.uid === tab.setup.uid ? `${tab.setup.uid}-other` : tab.setup.uid;
      world.tracing.note(tab.index, `is ${tab.uid} from now on`);
      tab.client.chsk.reconnect();
      break;
    case "leave":
      leave(world, tab, command.code);
      break;
    case "forge":
      forge(world, tab, command.what);
      break;
    case "impostor": {
      world.hasImpostors = world.isHostile = true;
      const { clientId } = tab.setup;
      const url = `ws://model/chsk?client-id=${clientId}&sente-lite=1&attempt=${command.attempt}&codec=json`;
      world.network.openGhost(url, [], tab.uid, 0, command.staysMs);
      break;
    }
  }
}

export function tabAt(world: World, index: number): Tab | undefined {
  return world.tabs[index % world.tabs.length];
}

function actorOf(world: World, who: number | "server") {
  return who === "server" ? world.house?.actor : tabAt(world, who)?.actor;
}

function noteOf(world: World, who: number | "server"): number | "server" {
  return who === "server" ? "server" : who % world.tabs.length;
}

/** A push that spoils its frame has one of its own. */
function pushTo(world: World, tab: Tab, mark: string | undefined, flush: boolean): void {
  const { uid } = tab;
  const server = world.house?.core.server;
  if (mark !== undefined) pushTo(world, tab, undefined, true);
  push(
    world,
    mark,
    (session) => session.uid === uid,
    (event) => server?.sendFn(uid, event, { flush }),
  );
}

function push(
  world: World,
  mark: string | undefined,
  isFor: (session: SessionFacts) => boolean,
  send: (event: [string, unknown]) => unknown,
): void {
  const { house, pushes } = world;
  // A session that is on its way to the next house gets nothing of this one.
  if (house === undefined || (world.backplane !== undefined && house.isClosing)) return;
  const n = pushes.length;
  pushes.push({ epoch: house.epoch, stamp: world.stamp(), isBad: mark !== undefined, isFor });
  // No more than the server may hold: what it gives up at its own bound is another matter.
  const padding = Math.min(world.setup.inbound?.paddingBytes ?? 0, 900);
  send(["s/n", { n, ...(mark !== undefined && { mark }), ...(padding > 0 && { x: "x".repeat(padding) }) }]);
}

function drop(world: World, tab: Tab, { toServer, toClient, clientMs, serverMs }: Of<"drop">): void {
  const wire = world.wireOf(tab);
  if (wire === undefined) return;
  world.tracing.breaks(tab.index);
  if (!wire.isEstablished) wire.isLost = true;
  wire.cut(toServer, toClient);
  if (clientMs !== undefined) world.clock.after(clientMs, () => wire.client.end(1006, ""));
  if (serverMs !== undefined) world.clock.after(serverMs, () => wire.server.end(1006, ""));
}

function restart(world: World, { how, downMs }: Of<"restart">): void {
  const { house } = world;
  if (house === undefined || house.isClosing) return;
  house.isClosing = true;
  if (how !== "crash") {
    world.mayOverrun = true;
    world.hasDrained ||= how === "drain";
  }
  const closed = how === "crash" ? undefined : house.core.server.close(how === "drain" ? { drainMs: 3_000 } : {});
  world.tracing.note("server", how === "crash" ? "crashes" : how === "close" ? "closes" : "drains");
  const end = () => {
    house.actor.kill();
    world.house = undefined;
    world.mayOverrun = false;
    world.network.endOf(house);
    world.clock.after(downMs, () => world.startServer());
  };
  if (world.backplane === undefined) world.clock.after(how === "crash" ? 0 : 4_000, end);
  else void closed?.then(() => world.clock.after(0, end));
}

function breakConnection(world: World, tab: Tab, by: "client" | "server"): void {
  if (by === "client") {
    tab.client.chsk.breakConnection();
    return;
  }
  const before = world.mayOverrun;
  world.mayOverrun = true;
  world.house?.core.server.disconnectFn({ uid: tab.uid, clientId: tab.setup.clientId }, { code: 4000 });
  world.mayOverrun = before;
}

/** The client's page goes away, or its application disconnects; then it comes again. */
function leave(world: World, tab: Tab, code: 1000 | 1001): void {
  tab.leftAt = tab.sent.length;
  tab.sessionId = null;
  tab.notBefore = 0;
  // Until the server hears of it.
  world.network.ghosts++;
  const wire = world.wireOf(tab);
  if (wire !== undefined) wire.isLeft = true;
  if (code === 1001 && wire?.isEstablished) wire.client.socket.close(1001, "");
  tab.client.chsk.disconnect();
  tab.client.chsk.connect();
}

function forge(world: World, tab: Tab, what: Of<"forge">["what"]): void {
  const wire = world.wireOf(tab);
  const session = world.sessions.get(wire?.sessionId ?? "");
  if (what === "resume" || what === "codec") {
    world.isHostile = true;
    tab.notBefore = 0;
    world.lineOf(tab).forge = what;
    tab.client.chsk.reconnect();
  } else if (wire !== undefined && session !== undefined) {
    session.isHostile = world.isHostile = true;
    const side = what === "ack" ? wire.client : wire.server;
    side.pipe.send({ type: "frame", data: FORGED_ACK });
  }
}

function askClient({ questions }: World, { core, actor }: House, { uid, setup }: Tab, timeoutMs: number): void {
  questions.ask(core.server, { uid, clientId: setup.clientId }, timeoutMs, () => actor.isDead);
}
