import type { Tab } from "../tab.ts";
import { isIn } from "./watch.ts";
import type { NodesWorld } from "./world.ts";

// After a schedule everything heals, everybody comes back, and all that was promised has to be true.

const PATIENCE_MS = 600_000;

export async function end(world: NodesWorld): Promise<void> {
  for (const line of world.lines) line.duplicate = undefined;
  await everybodyIsBack(world);
  if (world.failure !== undefined) return;
  for (const { house } of world.open) house.answer();
  // Longer than any request waits.
  await world.advance(25_000);
  if (world.failure !== undefined) return;
  await world.questions.check();
  checkEvents(world);
  if (!world.watch.isBrokerInTrouble)
    world.watch.requests.check(world.tabs, world.watch.killed, (message) => world.fail(message));
  checkPushes(world);
  checkViews(world);
  await checkHistory(world);
  if (world.failure === undefined) await closeAll(world);
}

async function everybodyIsBack(world: NodesWorld): Promise<void> {
  const isBack = (tab: Tab) => {
    const wire = world.wireOf(tab);
    const inFlight = (wire?.client.pipe.buffered ?? 0) + (wire?.server.pipe.buffered ?? 0);
    return tab.client.state.get().open && inFlight === 0;
  };
  const attempts = () => world.tabs.map((tab) => tab.attempts).join();
  for (let waited = 0; waited < PATIENCE_MS && world.failure === undefined; waited += 1_000) {
    await world.advance(1_000);
    if (world.open.length < world.places.length || !world.tabs.every(isBack)) continue;
    // Also those who do not know yet that their connection is gone, and nodes that are strangers.
    const before = attempts();
    await world.advance(45_000);
    if (world.tabs.every(isBack) && before === attempts()) return;
  }
  world.fail("not everybody came back");
}

function checkEvents(world: NodesWorld): void {
  for (const { index, sent } of world.tabs) {
    for (const { k, answer, isAccepted, delivered, isReported, settled } of sent) {
      if (answer !== undefined && settled !== 1)
        world.fail(`request ${k} of client ${index} was settled ${settled} times`);
      if (!isAccepted && delivered > 0) world.fail(`event ${k} of client ${index} was not accepted, and came`);
      const isSettled = answer !== undefined && settled === 1;
      if (isAccepted && delivered === 0 && !isReported && !isSettled)
        world.fail(`event ${k} of client ${index} is lost`);
    }
  }
}

function checkPushes(world: NodesWorld): void {
  for (const tab of world.tabs) {
    const missing = world.watch.findMissing(tab);
    if (missing !== undefined) world.fail(`push ${missing} never came to client ${tab.index}`);
    if (world.watch.rooms.get(tab)?.size !== 2) world.fail(`client ${tab.index} is not in its rooms`);
    if (tab.errors.includes("bad-frame")) world.fail(`client ${tab.index} found a bad frame`);
  }
}

/** A session is at one node, and all nodes know of the same users. */
function checkViews(world: NodesWorld): void {
  const uids = [...new Set(world.tabs.map(({ uid }) => uid))].sort().join();
  let connections = 0;
  for (const { index, house } of world.open) {
    const { server } = house.core;
    connections += server.metrics().connections;
    const here = [...server.connectedUids.get().any].sort().join();
    if (here !== uids) world.fail(`node ${index} takes [${here}] for who is here, not [${uids}]`);
    const members = [...server.room("tea").members.get()].sort().join();
    if (members !== uids) world.fail(`node ${index} takes [${members}] for who is in the room, not [${uids}]`);
  }
  if (connections !== world.tabs.length) world.fail(`${connections} connections are left`);
}

/** All got the same entries in the same order, from that on with which they began. */
async function checkHistory(world: NodesWorld): Promise<void> {
  const [place] = world.open;
  if (place === undefined) return;
  const all: number[] = [];
  let isRead = false;
  void place.house.core.server
    .room("log")
    .history({ limit: 1_000 })
    .then(({ entries }) => {
      all.push(...entries.map(({ data }) => (data as { readonly n: number }).n));
      isRead = true;
    });
  await world.advance(1_000);
  if (!isRead) world.fail("a history cannot be read");
  if (new Set(all).size < all.length) world.fail("an entry is twice in the history");
  for (const tab of world.tabs) {
    const got = world.watch.entries.get(tab) ?? [];
    const since = world.watch.logSince.get(tab) ?? 0;
    const [first] = got;
    const wanted = all.slice(first === undefined ? all.findIndex((n) => n >= since) : all.indexOf(first));
    if (first === undefined ? all.some((n) => n >= since) : wanted.join() !== got.join())
      world.fail(`client ${tab.index} got the entries ${got.join()} of ${all.join()}`);
  }
  if (world.watch.isBrokerInTrouble) return;
  world.watch.pushes.forEach(({ house, meant }, n) => {
    if (isIn(meant, "log") && !all.includes(n) && !world.watch.killed.has(house) && !house.errors.includes("left"))
      world.fail(`entry ${n} is not in the history`);
  });
}

async function closeAll(world: NodesWorld): Promise<void> {
  world.watch.isEnding = true;
  for (const { client } of world.tabs) client.close();
  await world.advance(world.setup.windowMs + 60_000);
  for (const { house, index } of world.open) {
    const { connections, sessionsAway, sessionsAwayBytes } = house.core.server.metrics();
    if (connections + sessionsAway + sessionsAwayBytes > 0)
      world.fail(`at the end node ${index} has ${connections} connections, ${sessionsAway} sessions`);
    if (house.core.server.connectedUids.get().any.size > 0) world.fail(`at the end node ${index} holds users for here`);
  }
  for (const { index, actor } of world.tabs)
    if (actor.timers > 0) world.fail(`at the end client ${index} has ${actor.timers} timers`);
}
