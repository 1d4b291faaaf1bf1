import { randomBytes } from "node:crypto";
import process from "node:process";
import { parseArgs } from "node:util";
import type { ChannelSocketClient, ClientOptions } from "@sente-lite/protocol";
import { createChatClient } from "../client/chat-client.ts";
import { type Entry, keyOf, talkIn, type View } from "../client/view.ts";
import { readName, readRoomName, readText } from "../domain/readers.ts";
import { exitSoon } from "./exit-soon.ts";
import { openScreen } from "./screen.ts";
import {
  connectionLine,
  entryLine,
  helpLines,
  noticeLine,
  peopleLine,
  presenceLines,
  promptText,
  roomLines,
} from "./terminal-lines.ts";

/** Whoever typed within this time is there. */
const THERE_MS = 5 * 60_000;

type MakeClient = (url: string, options: ClientOptions) => ChannelSocketClient;

/** The chat in a terminal: what is said scrolls by, the line that one writes stays. The same on every runtime. */
export function runTerminal(runtime: string, makeClient: MakeClient): void {
  const { values: args } = parseArgs({
    args: process.argv.slice(2),
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

  let lastKeyAt = Date.now();
  const client = makeClient(args.url, { params: () => ({ key: args.key, name, runtime }) });
  const chat = createChatClient({
    client,
    room,
    runtime,
    name: () => name,
    newId: () => randomBytes(16).toString("hex"),
    now: Date.now,
    isThere: () => Date.now() - lastKeyAt < THERE_MS,
    onRenamed: (taken) => {
      name = taken;
    },
  });
  // What was not delivered is shown as such, among the messages; the library's own report would be drawn over them.
  client.errorChan.on(() => {});
  const screen = openScreen({
    onLine: (line) => {
      lastKeyAt = Date.now();
      void take(line);
    },
    onKey: (line) => {
      lastKeyAt = Date.now();
      if (line !== "" && !line.startsWith("/")) chat.noteTyping();
    },
    onEnd: () => {
      isAtEnd = true;
      endIfDone();
    },
    onInterrupt: () => end(),
  });
  screen.prompt(promptText(chat.view()));

  /** Prints what is new: messages, each once, and who came or went. */
  const show = (view: View, previous: View): void => {
    const talk = talkIn(view, view.room);
    const before = talkIn(previous, view.room);
    const entered = view.room !== previous.room;
    if (talk.loaded && (entered || !before.loaded)) {
      screen.print(`* you are in #${view.room}`, "faint");
      screen.print(peopleLine(talk.people), "faint");
    } else if (talk.loaded) {
      for (const line of presenceLines(before.people, talk.people, client.state.get().uid)) screen.print(line, "faint");
    }
    if (view.notice !== undefined && view.notice !== previous.notice) screen.print(noticeLine(view.notice), "faint");
    const known = new Map(before.entries.map((entry) => [keyOf(entry), entry.status]));
    for (const entry of talk.entries) {
      const status = known.get(keyOf(entry));
      if (entry.status === "sending" || (!entered && entry.status === status)) continue;
      // On a terminal, what one typed is on the screen already.
      const isTyped = status === "sending" && entry.status === "delivered" && screen.isTerminal;
      if (!isTyped) screen.print(entryLine(entry));
    }
    screen.prompt(promptText(view));
  };

  const findOwnEntries = (status: Entry["status"]) =>
    [...chat.view().talks.values()].flatMap(({ entries }) => entries.filter((entry) => entry.status === status));

  chat.subscribe((view, previous) => {
    if (!isEnded) show(view, previous);
    endIfDone();
  });
  let connection: string | undefined;
  const stopState = client.state.subscribe((state) => {
    const line = connectionLine(state, Date.now());
    if (line !== undefined && line !== connection) screen.print(line, "faint");
    connection = line ?? connection;
    if (state.status === "terminal") end(1);
  });

  const take = async (line: string): Promise<void> => {
    const [command = "", ...rest] = line.trim().split(/\s+/);
    if (!command.startsWith("/")) {
      const text = readText(line);
      if (text !== undefined) chat.send(text);
    } else if (command === "/quit") {
      end();
    } else if (command === "/people") {
      screen.print(peopleLine(talkIn(chat.view(), chat.view().room).people), "faint");
    } else if (command === "/rooms") {
      for (const each of roomLines(chat.view())) screen.print(each, "faint");
    } else if (command === "/room") {
      const wanted = readRoomName(rest.join("-").replace(/^#/, ""));
      const refusal = wanted === undefined ? "bad-room" : await chat.enter(wanted);
      if (refusal !== undefined) screen.print(`* refused: ${refusal}`, "faint");
    } else if (command === "/there") {
      const asked = talkIn(chat.view(), chat.view().room).people.filter((person) => person.name === rest.join(" "));
      for (const { uid, name } of asked) {
        screen.print(`* ${name} is ${(await chat.ask(uid)) ? "there" : "away"}`, "faint");
      }
      if (asked.length === 0) screen.print("* nobody here is called that", "faint");
    } else if (command === "/retry") {
      for (const entry of findOwnEntries("failed")) chat.retry(entry);
    } else if (command === "/cut") {
      // Not in the help: for tests, and for those who want to watch that nothing is lost.
      client.chsk.breakConnection();
    } else if (command === "/name") {
      const wanted = readName(rest.join(" "));
      if (wanted === undefined) return screen.print("* a name has 1 to 32 characters that can be seen", "faint");
      name = wanted;
      chat.rename();
    } else {
      for (const help of helpLines) screen.print(help, "faint");
    }
  };

  // The end of what was piped in: what it said is delivered first.
  let isAtEnd = false;
  let isEnded = false;
  process.once("SIGTERM", () => end());

  function endIfDone(): void {
    if (isAtEnd && findOwnEntries("sending").length === 0) end(findOwnEntries("failed").length === 0 ? 0 : 1);
  }

  function end(code = 0): void {
    if (isEnded) return;
    isEnded = true;
    for (const { text } of findOwnEntries("sending")) screen.print(`* not delivered: ${text.replaceAll("\n", " ")}`);
    stopState();
    chat.stop();
    client.close();
    screen.close();
    exitSoon(code);
  }
}

function fail(message: string): never {
  console.error(message);
  process.exit(2);
}
