// Prints which globals @sente-lite/browser touches, as JSON: `{ imported: [...], made: [...] }`. All are watched, those of
// a page as well as those of Node, but for those of the language itself.
import { runInNewContext } from "node:vm";

const page = ["window", "self", "document", "location", "navigator", "WebSocket", "localStorage", "addEventListener"];
const language = new Set(runInNewContext("Object.getOwnPropertyNames(globalThis)"));
const names = [...Object.getOwnPropertyNames(globalThis), ...page].filter((name) => !language.has(name));
let touched = [];

for (const name of new Set(names)) {
  const own = Object.getOwnPropertyDescriptor(globalThis, name);
  Object.defineProperty(globalThis, name, {
    configurable: true,
    set: (value) => Object.defineProperty(globalThis, name, { configurable: true, writable: true, value }),
    get: () => {
      // Node's own modules ask for some of them, too.
      if (new Error().stack.includes("/packages/")) touched.push(name);
      return own === undefined || "value" in own ? own?.value : own.get?.call(globalThis);
    },
  });
}

const { makeChannelSocketClient } = await import("@sente-lite/browser");
const imported = touched;
touched = [];
const client = makeChannelSocketClient("/chsk", { connect: false });
client.state.subscribe(() => {})();
client.state.get();
const made = touched;
touched = [];
console.log(JSON.stringify({ imported, made }));
