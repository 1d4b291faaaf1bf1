import { parseArgs } from "node:util";
import { everyLibrary, libraries } from "./libraries.mjs";
import { parts } from "./parts.mjs";

export const usage = `pnpm bench:faults [options]
  --only jitter,avalanche,slow,halfopen,cycles,echo   some of the parts
  --libraries ours,socket.io,socket.io-recovery,ws    some of what is compared
  --scale 0.05      that share of the clients, cycles and megabytes
  --clients 50      so many clients (jitter, avalanche, halfopen)
  --quick           everything small and fast; without halfopen, unless it is named
  --json FILE       what this run measured, as JSON
  --write           puts what was measured at full scale into docs/
  --render          writes docs/ anew from the numbers that are there, and measures nothing`;

/** What grows and shrinks with the scale; times stay. */
const scaled = ["clients", "megabytes", "cycles", "connections"];

export function optionsOf(args) {
  const { values } = parseArgs({
    args: args[0] === "--" ? args.slice(1) : args,
    options: {
      only: { type: "string" },
      libraries: { type: "string" },
      scale: { type: "string", default: "1" },
      clients: { type: "string" },
      quick: { type: "boolean", default: false },
      json: { type: "string" },
      write: { type: "boolean", default: false },
      render: { type: "boolean", default: false },
      help: { type: "boolean", default: false },
    },
  });
  const every = Object.keys(parts).filter((name) => !values.quick || name !== "halfopen");
  return {
    ...values,
    partNames: listOf(values.only, every, parts),
    libraryNames: values.libraries === undefined ? undefined : listOf(values.libraries, [], libraries),
    isFullScale: !values.quick && values.scale === "1" && values.clients === undefined,
  };
}

function listOf(given, otherwise, known) {
  const names = given?.split(",") ?? otherwise;
  for (const name of names) {
    if (!Object.hasOwn(known, name)) throw new Error(`no such thing: ${name}\n\n${usage}`);
  }
  return names;
}

/** The libraries that take part in a part, of those that were asked for. */
export function namesFor({ libraryNames: possible = everyLibrary }, { libraryNames }) {
  return possible.filter((name) => libraryNames?.includes(name) ?? true);
}

export function paramsFor(part, { quick, scale, clients }) {
  const params = { ...(quick ? part.quick : part.full) };
  for (const name of scaled) {
    if (name in params) params[name] = Math.max(1, Math.round(params[name] * Number(scale)));
  }
  if (clients !== undefined && "clients" in params) params.clients = Number(clients);
  return params;
}
