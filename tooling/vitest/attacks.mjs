// The table of docs/security.md: who can do what, which default stops it, and the tests that show it on every server.
import { testedNames as servers } from "../../packages/conformance/src/runtimes.mjs";

/**
 * `tests` finds those that show it, by heading and title; `mutants` are faults of the defence that unit tests have to notice, by
 * their names in packages/conformance/src/model/unit-mutants.ts.
 * @type {readonly { readonly who: string; readonly does: string; readonly stoppedBy: string; readonly tests: RegExp; readonly mutants?: readonly string[] }[]}
 */
export const attacks = [
  {
    who: "a page of another origin",
    does: "connects with its visitor's cookies, under any name that looks like an allowed one",
    stoppedBy: "its `Origin` is compared with the host, and with `allowedOrigins`",
    tests: /^§1 (attacks: origins|refusal: origin) >/,
    mutants: ["host-in-capitals", "dot-of-an-absolute-name", "default-port-of-another-scheme"],
  },
  {
    who: "a page of another origin",
    does: "gives the server's address a name of its own (DNS rebinding)",
    stoppedBy: "`allowedHosts`, which has no default",
    tests: /DNS rebinding/,
    mutants: ["any-host"],
  },
  {
    who: "a page of another origin",
    does: "comes without the CSRF token, or with one that it made up, or has from elsewhere",
    stoppedBy: "`csrfTokenFn`, where it is given",
    tests: /^§1 (attacks|refusal): CSRF >/,
    mutants: ["token-by-its-beginning", "token-of-any-type"],
  },
  {
    who: "anybody",
    does: "says in a proxy's words who it is, and where it asks",
    stoppedBy: "`trustProxy` is off",
    tests: /what a proxy says/,
    mutants: ["proxies-of-anybody", "two-ways-to-say-it"],
  },
  {
    who: "anybody",
    does: "sends what is no upgrade request, or one that two readers would read as two",
    stoppedBy: "one line of an answer, without a stack, a path or a page",
    tests: /^§1 (attacks: upgrades|connection: HTTP requests as no browser sends them) >/,
    mutants: ["two-hosts", "any-version-of-http"],
  },
  {
    who: "anybody",
    does: "sends frames that break RFC 6455, or are too large",
    stoppedBy: "the runtime; `maxPayloadBytes`",
    tests: /^RFC 6455( attacks)?: frames|messages that do not end/,
    mutants: ["frames-of-any-size", "messages-without-end"],
  },
  {
    who: "anybody",
    does: "sends requests or frames slowly, or none, on hundreds of connections",
    stoppedBy: "they hold up nobody; [who cuts them](#slow-and-silent-peers)",
    tests: /hundred that say nothing|^§9 attacks: peers that are slow >/,
    mutants: ["silent-peers-live"],
  },
  {
    who: "anybody",
    does: "resets its connection, at whatever stage",
    stoppedBy: "what was held for it is given back",
    tests: /resets?\b.*(at every stage|harms? nothing|leaves nothing)/,
    mutants: ["places-of-those-who-went"],
  },
  {
    who: "anybody",
    does: "makes many connections, or makes them too fast",
    stoppedBy:
      "`maxConnections`, `maxConnectionsPerUser`, `maxConnectionsPerAddress`, `maxConnectsPerSecondPerAddress`",
    tests: /^§9 limits: connections >|^§9 attacks: floods > .*connections/,
    mutants: ["connections-without-limit", "addresses-without-limit", "users-without-limit", "refused-ones-are-free"],
  },
  {
    who: "anybody",
    does: "makes up names, ids and kinds, each once",
    stoppedBy: "maps, logs and metrics are bounded, and reports told once a minute",
    tests: /^§9 attacks: kinds that a peer makes up >/,
    mutants: [
      "warned-of-each",
      "our-own-are-told-of-each-time",
      "told-of-each-name",
      "raw-log-lines",
      "uid-of-any-length",
      "client-ids-of-any-length",
    ],
  },
  {
    who: "anybody",
    does: "begins sessions and leaves them",
    stoppedBy: "`maxAwaySessions`, `maxAwayBytes`: strangers end their own first",
    tests: /silent strangers that come and go|sessions of one user that are begun|more sessions than may be away/,
    mutants: ["strangers-stay", "the-longest-away-at-an-address", "a-newcomer-pushes-out", "silent-for-ever"],
  },
  {
    who: "anybody",
    does: "names another's session: stolen, guessed, or raced for",
    stoppedBy: "a session is resumed by its own user, client id and codec alone; [`bindSession`](#sessions)",
    tests:
      /^§6 attacks: sessions that are raced for >|^§6 sessions > (a session (that is named under|id that was made up)|a client is let in whatever)/,
    mutants: [
      "client-id-unchecked",
      "form-unchecked",
      "instances-of-others",
      "confirmed-sessions-end",
      "bound-to-nothing",
      "moves-to-anybody",
    ],
  },
  {
    who: "a client",
    does: "sends wrong values in any place of any frame, in any codec",
    stoppedBy: "`chsk/bad-event`, or a close with 4400",
    tests: /^§3 attacks: wrong values|^§2 events > .*delivered as chsk\/bad-event/,
    mutants: ["callback-ids-of-any-length"],
  },
  {
    who: "a client",
    does: "acknowledges what was never sent, or nothing",
    stoppedBy: "the session ends with 4400; `maxQueuedFrames`",
    tests: /ack of frames that were never sent|an ack below an earlier one|acknowledges nothing/,
    mutants: ["acks-of-what-was-never-sent"],
  },
  {
    who: "a client",
    does: "nests values without end, or sends bombs of gzip or permessage-deflate",
    stoppedBy: "100 levels; `maxPayloadBytes` holds for what is inflated",
    tests: /nested levels|one in the other|bombs of (gzip|permessage-deflate)|inflates beyond/,
    mutants: ["inflated-without-bound", "nested-without-end"],
  },
  {
    who: "a client",
    does: "sends faster than others, pings too",
    stoppedBy: "`maxEventsPerSecond`, `maxBytesPerSecond`, `overRate`",
    tests:
      /^§9 limits: a peer that sends too fast >|floods pings|crowd of unread pings|^§9 attacks: floods > .*(events|pings|refreshes|frames|replies)/,
    mutants: [
      "a-flood-comes-again-at-once",
      "bytes-without-limit",
      "names-without-limit",
      "user-without-limit",
      "all-are-read-in-one-turn",
    ],
  },
  {
    who: "a client",
    does: "has more requests in flight than handlers answer",
    stoppedBy: "`maxRequestsInFlight`",
    tests: /so many requests without a reply|^§9 attacks: floods > .*requests/,
    mutants: ["requests-without-limit"],
  },
  {
    who: "a client",
    does: "sends more than handlers and validators take",
    stoppedBy: "`maxReceived`, `maxReceivedBytes`, `maxReceivedTotalBytes`",
    tests: /^§9 limits: (events that (pile up|wait for a validator)|what all peers together make a server hold) >/,
    mutants: ["bytes-without-bound", "events-without-bound", "anybody-makes-room", "each-event-weighs-its-frame"],
  },
  {
    who: "a client",
    does: "does not read what it is sent",
    stoppedBy: "`maxQueuedFrames`, `maxQueuedBytes`, `backpressure`; a close with 4413",
    tests: /what waits for a client that does not read >|never reads is closed|^§9 attacks: readers that stop >/,
    mutants: ["patience-without-end"],
  },
  {
    who: "the application",
    does: "has a function that judges throw, hang, or give what it should not",
    stoppedBy: "refused with 500, or 503 after `hookTimeoutMs`",
    tests: /^§1 refusal: what the application's functions give|is not judged without end/,
    mutants: ["uid-of-any-type", "hooks-without-end", "handshakes-without-limit"],
  },
  {
    who: "the application",
    does: "has a handler that fails, whatever it throws",
    stoppedBy: "the request is answered `chsk/error`, and the error reported",
    tests: /^§9 attacks: handlers that fail >/,
    mutants: ["looks-at-what-was-thrown"],
  },
];

/**
 * The table as Markdown, and what is wrong with the tests for it: an attack that is shown on none, or not on all servers.
 * @param {readonly import("./matrix.mjs").Ran[]} tests
 */
export function attackTableOf(tests) {
  const problems = [];
  const rows = attacks.map(({ who, does, stoppedBy, tests: shows }) => {
    const cells = servers.map((name) => {
      const shown = tests.filter(
        ({ path: [suite, ...path] }) => suite === `server: ${name}` && shows.test(path.join(" > ")),
      );
      if (shown.length === 0) problems.push(`server on ${name}: no test shows that ${who} ${does}`);
      if (shown.some(({ passed }) => !passed)) problems.push(`server on ${name}: a test failed of: ${who} ${does}`);
      return shown.some(({ meta }) => meta.knownFailure) ? "✓ *" : "✓";
    });
    return `| ${[who, does, stoppedBy, ...cells].join(" | ")} |`;
  });
  const head = ["who", "does what", "what stops it", ...servers];
  const lines = [head, ["---", "---", "---", ...servers.map(() => ":---:")]].map((cells) => `| ${cells.join(" | ")} |`);
  return { markdown: [...lines, ...rows].join("\n"), problems };
}
