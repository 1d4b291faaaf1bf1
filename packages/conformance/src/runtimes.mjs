// Every runtime, once: suites, fixtures, scripts, the page of conformance and the tests of tooling read it here. Plain data in
// plain JavaScript, as scripts of Node and pages read it too. CONTRIBUTING says what else a runtime is made of.

/**
 * Those that can serve, by the name of their package. `program` is where node_modules has it, undefined for the Node that runs;
 * `run` starts a file there, `evaluate` a text, `net` lets that use the network, `broker` what the clients of brokers need, and
 * `all` do everything; `inside` runs vitest itself; `managers`
 * install its package for its users; `types` of its globals are in a package, or printed by the program with these arguments.
 */
export const serverRuntimes = /** @type {const} */ ({
  node: {
    title: "Node",
    program: undefined,
    run: [],
    evaluate: ["--input-type=module", "--eval"],
    net: [],
    broker: [],
    all: [],
    inside: undefined,
    managers: ["npm", "pnpm"],
    types: "@types/node",
  },
  bun: {
    title: "Bun",
    program: "bun/bin/bun.exe",
    run: ["run"],
    evaluate: ["--eval"],
    net: [],
    broker: [],
    all: [],
    inside: ["--bun"],
    managers: ["bun"],
    types: "bun-types",
  },
  deno: {
    title: "Deno",
    program: "deno/deno",
    run: ["run", "--no-prompt"],
    evaluate: ["eval"],
    net: ["--allow-net"],
    broker: ["--allow-net", "--allow-env"],
    all: ["--allow-all"],
    inside: ["run", "--allow-all"],
    managers: ["deno"],
    types: ["types"],
  },
});

/** Those that have clients alone: where the suites run, and the package. */
export const clientRuntimes = /** @type {const} */ ({
  chromium: { title: "pages", package: "browser", managers: ["npm", "pnpm"] },
});

/** @typedef {keyof typeof serverRuntimes} ServerName */

export const serverNames = /** @type {readonly ServerName[]} */ (Object.keys(serverRuntimes));

/**
 * The servers that the suites test, by what they are called there: each runtime's own, and that of the package for Node on Deno, which
 * docs/deno.md advises where strangers reach a server. `allow` is what its program needs besides the network.
 */
export const testedServers = /** @type {const} */ ({
  node: { package: "node", runtime: "node", allow: [] },
  bun: { package: "bun", runtime: "bun", allow: [] },
  deno: { package: "deno", runtime: "deno", allow: [] },
  "node-on-deno": {
    package: "node",
    runtime: "deno",
    allow: ["--allow-env=WS_NO_BUFFER_UTIL,WS_NO_UTF_8_VALIDATE"],
  },
});

/** @typedef {keyof typeof testedServers} TestedServer */

export const testedNames = /** @type {readonly TestedServer[]} */ (Object.keys(testedServers));
/** Those that run vitest themselves, for the suites of their clients. */
export const insideNames = serverNames.filter((name) => serverRuntimes[name].inside !== undefined);
export const clientNames = [...serverNames, ...Object.keys(clientRuntimes)];
/** The packages of all, as folders of packages/. */
export const packageNames = [...serverNames, ...Object.values(clientRuntimes).map((one) => one.package)];
/** What documents call them, by name. */
export const titles = Object.fromEntries(
  Object.entries({ ...serverRuntimes, ...clientRuntimes }).map(([name, { title }]) => [name, title]),
);
