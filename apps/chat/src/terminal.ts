import { randomBytes } from "node:crypto";
import { createInterface } from "node:readline";
import { parseArgs } from "node:util";
import { makeChannelSocketClient } from "@sente-lite/node";
import { createChatClient } from "./client/chat-client.ts";
import { type Entry, keyOf, talkIn, type View } from "./client/view.ts";
import { readName, readRoomName, readText } from "./domain/readers.ts";
import { connectionLine, entryLine, helpLines, peopleLine, presenceLines } from "./terminal-lines.ts";

const { values: args } = parseArgs({
  options: {
    url: { type: "string", default: "ws://127.0.0.1:3000/chsk" },
    name: { type: "string", default: process.env.USER ?? "someone" },
    room: { type: "string", default: "lobby" },
    /** Who has the key is the user: with one of your own, the terminals that you start are one user. */
    key: { type: "string", default: randomBytes(16).toString("hex") },
  },
});
let name = readName(args.name) ?? fail("--name: 1 to 32 characters that can be seen");
const room = readRoomName(args.room) ?? fail("--room: letters, digits and hyphens");

const client = makeChannelSocketClient(args.url, { params: () => ({ key: args.key, name, runtime: "node" }) });
const chat = createChatClient({
  client,
  room,
  runtime: "node",
  name: () => name,
  newId: () => randomBytes(16).toString("hex"),
  now: Date.now,
});

const isTerminal = process.stdout.isTTY === true;
const input = createInterface({ input: process.stdin, output: process.stdout, terminal: isTerminal, prompt: "> " });

/** Prints above the line that is being written. */
function print(line: string, style: "plain" | "faint" = "plain"): void {
  if (!isTerminal) return void process.stdout.write(`${line}\n`);
  const faint = style === "faint" && process.env.NO_COLOR === undefined;
  process.stdout.write(`\r\u001b[K${faint ? `\u001b[2m${line}\u001b[22m` : line}\n`);
  prompt();
}

/** Offers a line to write on. After the end it would wait for one for ever. */
function prompt(): void {
  if (isTerminal && process.exitCode === undefined) input.prompt(true);
}

/** Prints what is new: messages, each once, and who came or went. */
function show(view: View, previous: View): void {
  const talk = talkIn(view, view.room);
  const before = talkIn(previous, view.room);
  const entered = view.room !== previous.room;
  if (talk.loaded && (entered || !before.loaded)) {
    print(`* you are in #${view.room}`, "faint");
    print(peopleLine(talk.people), "faint");
  } else if (talk.loaded) {
    for (const line of presenceLines(before.people, talk.people, client.state.get().uid)) print(line, "faint");
  }
  const known = new Map(before.entries.map((entry) => [keyOf(entry), entry.status]));
  for (const entry of talk.entries) {
    const status = known.get(keyOf(entry));
    if (entry.status === "sending" || (!entered && entry.status === status)) continue;
    // On a terminal, what one typed is on the screen already.
    const isTyped = status === "sending" && entry.status === "delivered" && isTerminal;
    if (!isTyped) print(entryLine(entry));
  }
}

const ownEntries = (status: Entry["status"]) =>
  [...chat.view().talks.values()].flatMap(({ entries }) => entries.filter((entry) => entry.status === status));

chat.subscribe((view, previous) => {
  show(view, previous);
  endIfDone();
});
let connection: string | undefined;
const stopState = client.state.subscribe((state) => {
  const line = connectionLine(state, Date.now());
  if (line !== undefined && line !== connection) print(line, "faint");
  connection = line ?? connection;
  if (state.status === "terminal") end(1);
});

input.on("line", async (line) => {
  const [command = "", ...rest] = line.trim().split(/\s+/);
  if (!command.startsWith("/")) {
    const text = readText(line);
    if (text !== undefined) chat.send(text);
  } else if (command === "/quit") {
    return end();
  } else if (command === "/people") {
    print(peopleLine(talkIn(chat.view(), chat.view().room).people), "faint");
  } else if (command === "/room") {
    const wanted = readRoomName(rest.join("-").replace(/^#/, ""));
    const refusal = wanted === undefined ? "bad-room" : await chat.enter(wanted);
    if (refusal !== undefined) print(`* refused: ${refusal}`, "faint");
  } else if (command === "/retry") {
    for (const entry of ownEntries("failed")) chat.retry(entry);
  } else if (command === "/name") {
    const wanted = readName(rest.join(" "));
    if (wanted === undefined) return print("* a name has 1 to 32 characters that can be seen", "faint");
    name = wanted;
    chat.rename();
  } else {
    for (const help of helpLines) print(help, "faint");
  }
  prompt();
});
// The end of what was piped in: what it said is delivered first.
let isAtEnd = false;
input.on("close", () => {
  isAtEnd = true;
  endIfDone();
});
process.once("SIGTERM", () => end());
input.on("SIGINT", () => end());
// Whoever read what we print is gone.
process.stdout.on("error", () => process.exit());

function endIfDone(): void {
  if (isAtEnd && ownEntries("sending").length === 0) end(ownEntries("failed").length === 0 ? 0 : 1);
}

function end(code = 0): void {
  if (process.exitCode !== undefined) return;
  process.exitCode = code;
  stopState();
  chat.leave();
  chat.stop();
  client.close();
  input.close();
}

function fail(message: string): never {
  console.error(message);
  process.exit(2);
}
