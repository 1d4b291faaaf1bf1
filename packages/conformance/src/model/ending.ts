import type { Tab } from "./tab.ts";
import { nextPush } from "./watch.ts";
import type { World } from "./world.ts";

// After a schedule the network heals, everybody comes back, and all that was promised has to be true.

const PATIENCE_MS = 900_000;

export async function end(world: World, isCalm: boolean): Promise<void> {
  const attempts = world.tabs.map((tab) => tab.attempts);
  heal(world);
  await everybodyIsBack(world);
  if (world.failure !== undefined) return;
  if (isCalm && attempts.some((count) => count > 1)) {
    world.fail("a connection was given up without need");
    return;
  }
  await world.advance(1_000);
  world.house?.answer();
  // Longer than any request waits, and than it takes to notice that a peer is gone.
  await world.advance(world.inbound === undefined ? 15_000 : 120_000);
  if (world.failure !== undefined) return;
  await world.questions.check();
  checkTraffic(world);
  checkOrphans(world);
  if (world.failure !== undefined) return;
  await closeAll(world);
}

function heal(world: World): void {
  world.refusal = null;
  world.stallOnPingMs = undefined;
  for (const tab of world.tabs) {
    tab.stallOnPingMs = undefined;
    const line = world.lineOf(tab);
    Object.assign(line, {
      isUp: true,
      latencyMs: 20,
      openMs: undefined,
      // What was slow stays so: were it not, nothing would have to wait for room.
      bytesPerMs: Math.max(1, line.bytesPerMs),
      duplicate: undefined,
      forge: undefined,
      hotUntil: 0,
      losesHandshakesUntil: 0,
    });
  }
}

async function everybodyIsBack(world: World): Promise<void> {
  const isBack = (tab: Tab) => {
    const wire = world.wireOf(tab);
    const inFlight = (wire?.client.pipe.buffered ?? 0) + (wire?.server.pipe.buffered ?? 0);
    return tab.client.state.get().open && inFlight === 0;
  };
  for (let waited = 0; waited < PATIENCE_MS && world.failure === undefined; waited += 1_000) {
    for (const { client } of world.tabs) if (client.state.get().status === "terminal") client.chsk.reconnect();
    await world.advance(1_000);
    if (world.house !== undefined && !world.house.isClosing && world.tabs.every(isBack)) {
      // Also those who do not know yet that their connection is gone.
      const before = world.tabs.map((tab) => tab.attempts).join();
      await world.advance(45_000);
      if (world.tabs.every(isBack) && before === world.tabs.map((tab) => tab.attempts).join()) return;
    }
  }
  world.fail("not everybody came back");
}

function checkTraffic(world: World): void {
  for (const tab of world.tabs) {
    const who = `client ${tab.index}`;
    for (const { k, answer, isBad, isAccepted, delivered, isReported, settled } of tab.sent) {
      if (answer !== undefined && settled !== 1) world.fail(`request ${k} of ${who} was settled ${settled} times`);
      if (!isAccepted && delivered > 0) world.fail(`event ${k} of ${who} was not accepted, and came`);
      const isSettled = answer !== undefined && settled === 1;
      if (!isBad && isAccepted && delivered === 0 && !isReported && !isSettled && k >= tab.leftAt)
        world.fail(`event ${k} of ${who} is lost`);
    }
    const { errors } = tab;
    const session = world.sessions.get(tab.client.state.get().sessionId ?? "");
    const missing = session === undefined ? undefined : nextPush(world, session);
    const mayMiss = errors.includes("unconsumed");
    if (missing !== undefined && world.setup.backpressure === "close" && !mayMiss)
      world.fail(`push ${missing} never came to ${who}`);
    if (errors.includes("bad-frame") && !world.isHostile && !world.isPoisoned) world.fail(`${who} found a bad frame`);
  }
  if (world.house?.errors.includes("bad-ack") && !world.isHostile) world.fail("the server found a bad ack");
}

/** Nothing is left of sessions that nobody can come back to. */
function checkOrphans(world: World): void {
  const { house, isHostile, tabs } = world;
  const { ghosts } = world.network;
  if (house === undefined || isHostile || tabs.some((tab) => world.hasNamesake(tab))) return;
  // A client that lost its session for that does not name it, which waits until its window is over.
  if (world.inbound?.hasOverflowed() === true) return;
  const { connections, sessionsAway } = house.core.server.metrics();
  if (connections > tabs.length + ghosts) world.fail(`${connections} connections are left`);
  if (sessionsAway > ghosts) world.fail(`${sessionsAway} sessions wait for nobody`);
}

async function closeAll(world: World): Promise<void> {
  const { house, setup, isHostile } = world;
  const { ghosts } = world.network;
  if (house === undefined) return;
  world.isEnding = true;
  for (const { client } of world.tabs) client.close();
  await world.advance(15_000);
  const { sessionsAway: left } = house.core.server.metrics();
  // Who says that he leaves is not waited for.
  if (left > ghosts && !isHostile && !world.tabs.some((tab) => world.hasNamesake(tab)))
    world.fail(`${left} sessions wait for clients that have left`);
  await world.advance(setup.windowMs + 60_000);
  world.inbound?.end();
  const { connections, sessionsAway, sessionsAwayBytes } = house.core.server.metrics();
  if (connections + sessionsAway + sessionsAwayBytes > 0)
    world.fail(`at the end there are ${connections} connections, ${sessionsAway} sessions`);
  for (const { index, actor, client } of world.tabs) {
    const { queued } = client.state.get();
    if (queued > 0) world.fail(`at the end client ${index} holds ${queued} events`);
    if (actor.timers > 0) world.fail(`at the end client ${index} has ${actor.timers} timers`);
  }
  // One of several says every few hours that it is there.
  const timers = setup.isHandedOn ? 1 : 0;
  if (house.actor.timers > timers) world.fail(`at the end the server has ${house.actor.timers} timers`);
}
