// The differences between runtimes, for docs/conformance.md: what the targets of the conformance suite say of
// themselves. Each suite hands its target's capabilities on, in the meta of one test.

import { titles } from "../../packages/conformance/src/runtimes.mjs";

/** What a user should know, by side and capability: where it has this value. */
const notes = [
  ["server", "terminates", false, "a connection cannot be cut without a close handshake: a dead peer's socket lingers"],
  ["server", "limitsReceived", false, "the size of a message is checked after it was received: 1009 comes later"],
  ["server", "pausesReading", false, "cannot stop reading: a connection whose handlers lag is closed with 4413"],
  ["server", "resetsUnread", true, "a close code can be lost (1006) where the peer had sent more than was read"],
  ["client", "terminates", false, "a connection cannot be cut without a close handshake; closing is the nearest thing"],
  ["client", "limitsReceived", false, "a message over `maxPayloadBytes` is refused after it was received, with 4400"],
  ["client", "setsHeaders", false, "no headers of one's own in the upgrade request"],
];

/** @param {readonly import("./matrix.mjs").Ran[]} tests */
export function differencesOf(tests) {
  const targets = tests.flatMap(({ path, meta }) => {
    const [, side, name] = /^(server|client): ([\w-]+)$/.exec(path[0] ?? "") ?? [];
    return meta.target === undefined || side === undefined
      ? []
      : [{ side, name: titles[name] ?? name, ...meta.target }];
  });
  const rows = notes.flatMap(([side, capability, value, note]) => {
    const where = targets.filter((target) => target.side === side && target.capabilities[capability] === value);
    return where.length === 0 ? [] : [`| ${where.map(({ name }) => name).join(", ")} | ${side} | ${note} |`];
  });
  const known = targets.flatMap(({ side, name, knownFailures }) =>
    Object.values(knownFailures).map((reason) => `| ${name} | ${side} | known failure: ${reason} |`),
  );
  return ["| where | side | what |", "| --- | --- | --- |", ...rows, ...known].join("\n");
}
