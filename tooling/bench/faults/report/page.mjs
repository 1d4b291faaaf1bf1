// docs/reliability.md, from the numbers. What it says of a number it reads from the record: none is typed here.
import { titleOf } from "../libraries.mjs";
import { avalanchePlot, jitterPlot } from "./plots.mjs";
import { count, markdownTable, tablesOf, time } from "./tables.mjs";

const image = (alt, path) => `![${alt}](${path.replace("docs/", "")})`;
const seconds = (ms) => `${ms / 1_000} s`;

export function pageOf({ parts }) {
  const paragraphs = [
    `# Reliability, measured

What becomes of connections that break, servers that die and clients that stop reading? The same faults, on the same
schedule, for sente-lite, Socket.IO 4.8 (as it comes, and with its connection state recovery), and bare ws with a loop
that tries again after a second. Each with its default settings, over WebSockets only.

\`\`\`sh
pnpm build && pnpm bench:faults --write   # some twenty minutes, on a machine that does nothing else
pnpm bench:faults --quick                 # all of it small and in a hurry, to see it run
\`\`\`

Server and clients are processes of their own, with one clock. Connections are cut, not closed: the TCP connection is
reset, nobody says goodbye. This page and its plots are written by that command.

${machinesOf(parts)}`,
    ...Object.entries(sections).map(([name, section]) => sectionOf(name, section, parts[name])),
    `## What this does not show

- **One machine.** Server, clients and network share its processor, and its network never loses a packet: latencies are
  lower than yours, and where thousands connect at once the processor is what they wait for.
- **Events one way.** The numbered messages go from server to client. That requests, replies and events of clients
  survive too is what the tests of [guarantees.md](guarantees.md) show.
- **The process lives, where nothing is lost.** Sessions are kept in the memory of a server. In the avalanche everybody
  comes back, to a new session, and is told that the old one is lost.
- **Other libraries' other settings.** Socket.IO with shorter ping intervals notices dead peers sooner; with
  acknowledgements and a store of one's own one can build on it, and on ws, what is missing here.`,
  ];
  return `${paragraphs.join("\n\n")}\n`;
}

function sectionOf(name, { heading, text, after = () => "" }, part) {
  if (part === undefined) return `## ${heading}\n\nNot measured yet.`;
  const { params, results } = part;
  const tables = tablesOf[name](results, params).map(markdownTable);
  return [`## ${heading}`, text(params, results), ...tables, after(params, results)].filter(Boolean).join("\n\n");
}

function machinesOf(parts) {
  const measured = Object.values(parts).flatMap(({ results }) => Object.values(results));
  if (measured.length === 0) return "Nothing is measured yet.";
  const machines = [...new Set(measured.map(({ machine }) => machine))];
  const days = [...new Set(measured.map(({ measured: day }) => day))].sort();
  const when = days.length === 1 ? days[0] : `${days[0]} to ${days.at(-1)}`;
  return `Measured on ${machines.join("; and on ")}; ${when}.`;
}

const sections = {
  jitter: {
    heading: "Connections that break",
    text: ({ clients, messages, perSecond, everyMs, awayMs, stallMs }) => `\
${count(clients)} clients are pushed ${messages} numbered messages each, ${perSecond} a second. About every ${seconds(everyMs)} each
client's connection fails: for ${seconds(stallMs)} what arrives vanishes on the way, then the connection is reset, and for
${seconds(awayMs)} no attempt of that client gets through. At the end the numbers that each client got are counted.
"Resumed" is how often a library said that it had gone on where it was; "replay" is the time from then until the last of
the messages that had been pushed meanwhile was there.`,
    after: (_, results) => image("Messages lost, by library", jitterPlot) + recoveryNote(results),
  },
  avalanche: {
    heading: "A server that dies under a crowd",
    text: ({ clients, downMs, withinMs }, results) => `\
${count(clients)} clients are connected; the server's process is killed (SIGKILL) and started again after
${downMs.map(seconds).join(", in a second run after ")}. Who is back within ${seconds(withinMs)}, and how long after the server
listens again (p50, p95, p99)? And how hard does the crowd knock?

The first attempt after a loss is where a crowd does harm. sente-lite draws its wait from [0, 500 ms], Socket.IO from
[500, 1500 ms], the loop around ws waits a second, always. If ${count(clients)} attempts were spread evenly over 500 ms,
each 100 ms would hold ${count(clients / 5)}: the *uniform share*. "Meant" takes, for each client, how long it decides to
wait when it notices its loss, counts these waits in bins of 100 ms, and gives the fullest; the next column divides it by
the uniform share of that library's window. "Made" counts every attempt of everybody by the time since the server was
killed. Here one process plays all the clients, so where many attempts are due at once it makes them as fast as it can,
not as they were meant (it stood still for up to ${longestDelay(results)}); a real crowd has a processor for each.`,
    after: ({ downMs }, results) =>
      [...downMs.map((down) => image(`Attempts after ${seconds(down)}`, avalanchePlot(down))), waitNote(results)]
        .filter(Boolean)
        .join("\n\n"),
  },
  slow: {
    heading: "A client that stops reading",
    text: ({ others, megabytes, overMs }) => `\
${others} clients get ten small messages a second each. One more client is pushed ${megabytes} MB within ${seconds(overMs)},
in messages of 64 KiB: first one that reads them ("all read"), then one that has stopped reading its socket ("one slow").
How big does the server become (resident memory, the highest of samples every 50 ms), how much more does it keep after a
garbage collection than before the push, and how long do the messages of the others take?`,
    after: (_, results) =>
      results.ours === undefined
        ? ""
        : `By default sente-lite ends the slow client's session at the bound of 1 MiB, and tells both sides; with
\`backpressure: "drop-oldest"\` it stays connected, and the oldest pushes are left out. The others keep in memory whatever
the slow client has not taken.`,
  },
  halfopen: {
    heading: "Connections that are dead, and nobody said so",
    text: ({ clients, spreadMs, withinMs }) => `\
${clients} idle connections, opened over ${seconds(spreadMs)}, go through a proxy that from one moment on passes nothing in
either direction and closes nothing, as a cable that was pulled. How long until each side says that the connection is
gone? After ${seconds(withinMs)} nobody waits any longer.`,
  },
  cycles: {
    heading: "Clients that come and go",
    text: ({ cycles }) => `\
${count(cycles)} times a client connects, gets its session, and leaves: every second one with a goodbye, the others by
being cut off. (The session window is a second here, so that sessions end during the run.) Twenty times in between, when
everybody has left, the heap of the server is read after a garbage collection. The slope of the line through these samples
(least squares, without the first fifth) is what a visitor leaves behind.`,
  },
  echo: {
    heading: "What it costs where nothing breaks",
    text: ({ connections, each, rounds }) => `\
${connections} connections send requests of 100 bytes of JSON, one after the reply to the other. The server's processor
time per request and reply, with sessions and without (\`sessionWindowMs: 0\`): medians of ${rounds} alternating runs of
${count(connections * each)} requests. The ratio is the median of the ratios of neighbouring runs.`,
  },
};

const longestDelay = (results) =>
  time(Math.max(...Object.values(results).flatMap(({ outages }) => outages.map((outage) => outage.loadDelayMaxMs))));

function recoveryNote(results) {
  const recovery = results["socket.io-recovery"];
  if (recovery === undefined || recovery.resumed === recovery.reconnects) return "";
  return `\n\n${titleOf("socket.io-recovery")}, did not recover ${count(recovery.reconnects - recovery.resumed)} of \
${count(recovery.reconnects)} times: a client that has not received anything yet has nothing to name.`;
}

function waitNote({ ours }) {
  const longest = ours?.outages.at(-1);
  if (longest === undefined) return "";
  return `The longer a server is away, the longer our clients wait between attempts, up to 20 s: after
${seconds(longest.downMs)} half of them are back ${time(longest.backP50Ms)} after the server, and 99 of 100 after ${time(longest.backP99Ms)}.
A lower \`reconnectCapMs\` makes that shorter, and the knocking more.`;
}
