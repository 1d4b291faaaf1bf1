import { randomBytes } from "node:crypto";
import process from "node:process";
import { parseArgs } from "node:util";
import type { ChannelSocketClient, ClientOptions } from "@sente-lite/protocol";
import { createChatClient } from "../client/chat-client.ts";
import { keyOf, talkIn } from "../client/view.ts";
import { exitSoon } from "../terminal/exit-soon.ts";
import { type GuestInput, guestName, guestStep, initialGuest } from "./guest-answers.ts";

const RUNTIMES = ["Node", "Bun", "Deno"] as const;
/** A guest takes its time to answer, and is seen writing. */
const THINKING_MS = 900;

type MakeClient = (url: string, options: ClientOptions) => ChannelSocketClient;

/** Joins the room, and keeps company until its input ends: with whoever started it, however that ended. */
export function runGuest(runtime: (typeof RUNTIMES)[number], version: string, makeClient: MakeClient): void {
  const { values: args } = parseArgs({
    args: process.argv.slice(2),
    options: {
      url: { type: "string", default: "ws://127.0.0.1:3000/chsk" },
      room: { type: "string", default: "lobby" },
    },
  });
  const name = guestName(runtime);
  const lower = runtime.toLowerCase();
  const key = randomBytes(16).toString("hex");
  const client = makeClient(args.url, { params: { key, name, runtime: lower } });
  const chat = createChatClient({
    client,
    room: args.room,
    runtime: lower,
    name: () => name,
    newId: () => randomBytes(16).toString("hex"),
    now: Date.now,
  });

  const settings = { runtime, version, guests: RUNTIMES.map(guestName) };
  let state = initialGuest;
  const timers = new Set<ReturnType<typeof setTimeout>>();
  const hear = (input: GuestInput) => {
    const next = guestStep(settings, state, input);
    state = next.state;
    const { says } = next;
    if (says === undefined) return;
    chat.noteTyping();
    const timer = setTimeout(() => {
      timers.delete(timer);
      chat.send(says);
    }, THINKING_MS);
    timers.add(timer);
  };

  chat.subscribe((view, previous) => {
    const [talk, before] = [talkIn(view, view.room), talkIn(previous, view.room)];
    if (!talk.loaded) return;
    const at = Date.now();
    // What was said before it came is not for it to answer.
    if (!before.loaded) return hear({ type: "joined", at });
    const people = talk.people.map((person) => person.name);
    for (const person of talk.people) {
      const isNew = !before.people.some(({ uid }) => uid === person.uid);
      if (isNew) hear({ type: "came", uid: person.uid, name: person.name, people, at });
    }
    if (talk.entries === before.entries) return;
    const known = new Set(before.entries.map(keyOf));
    for (const entry of talk.entries) {
      if (!entry.own && !known.has(keyOf(entry))) hear({ type: "said", name: entry.name, text: entry.text, at });
    }
  });

  let isEnded = false;
  const end = () => {
    if (isEnded) return;
    isEnded = true;
    for (const timer of timers) clearTimeout(timer);
    chat.stop();
    client.close();
    process.stdin.pause();
    exitSoon(0);
  };
  process.stdin.on("end", end).on("close", end).resume();
  for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, end);
}
