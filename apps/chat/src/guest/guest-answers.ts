// What a guest says: pure, so that it can be told what it hears, and when.

/** A guest of the demo: a program that keeps a newcomer company. */
export interface GuestSettings {
  /** The runtime it runs on, as one writes it: `Bun`. */
  readonly runtime: string;
  readonly version: string;
  /** What all guests are called: none of them answers another. */
  readonly guests: readonly string[];
}

export interface GuestState {
  /** When it last spoke, in milliseconds since 1970, the oldest first; only as far back as the bounds ask for. */
  readonly spokeAt: readonly number[];
  /** How often it answered: it does not say the same thing twice in a row. */
  readonly count: number;
  /** Those whom it has greeted, by uid. */
  readonly greeted: ReadonlySet<string>;
}

export type GuestInput =
  | { readonly type: "joined"; readonly at: number }
  /** `people` are the names of all who are here. */
  | {
      readonly type: "came";
      readonly uid: string;
      readonly name: string;
      readonly people: readonly string[];
      readonly at: number;
    }
  | { readonly type: "said"; readonly name: string; readonly text: string; readonly at: number };

export interface GuestStep {
  readonly state: GuestState;
  /** What it says, if anything. */
  readonly says: string | undefined;
}

const MIN_GAP_MS = 2_000;
/** So many times in a minute, whatever it is asked. */
const MAX_PER_MINUTE = 8;
const MAX_GREETED = 1_000;

export const initialGuest: GuestState = { spokeAt: [], count: 0, greeted: new Set() };

export function guestName(runtime: string): string {
  return `${runtime} guest`;
}

export function guestStep(settings: GuestSettings, state: GuestState, input: GuestInput): GuestStep {
  const { runtime, version } = settings;
  switch (input.type) {
    case "joined":
      return speak(
        state,
        input.at,
        `Hello from ${runtime} ${version}. I am a small program in apps/chat/src/guest: ask a question, or say my name.`,
      );
    case "came": {
      const { uid, name, people, at } = input;
      const first = settings.guests.find((guest) => people.includes(guest));
      if (settings.guests.includes(name) || state.greeted.has(uid)) return { state, says: undefined };
      const greeted = new Set([...state.greeted, uid].slice(-MAX_GREETED));
      // One welcome is enough.
      if (first !== guestName(runtime)) return { state: { ...state, greeted }, says: undefined };
      return speak(
        { ...state, greeted },
        at,
        `Welcome, ${name}. I am here by way of ${runtime}; who else is, it says in the list.`,
      );
    }
    case "said": {
      if (settings.guests.includes(input.name)) return { state, says: undefined };
      const isNamed = new RegExp(`\\b${runtime}\\b`, "i").test(input.text);
      if (!isNamed && !/\?\s*$/.test(input.text)) return { state, says: undefined };
      const answers = isNamed ? namedAnswers : questionAnswers;
      return speak(state, input.at, answers[state.count % answers.length]?.(settings, input.name) ?? "");
    }
  }
}

type Answer = (settings: GuestSettings, name: string) => string;

const namedAnswers: readonly Answer[] = [
  ({ runtime, version }, name) =>
    `Yes, ${name}? I run on ${runtime} ${version}, with the same code as the other guests.`,
  ({ runtime }, name) => `Here, ${name}. All that ${runtime} adds is three lines: which client, and what it is called.`,
  ({ runtime }, name) => `Still on ${runtime}, ${name}. End the server and start it again: I come back by myself.`,
];

const questionAnswers: readonly Answer[] = [
  ({ runtime, version }, name) => `I only know one thing, ${name}: this was sent by ${runtime} ${version}.`,
  ({ runtime }, name) => `A good question, ${name}. Seen from ${runtime}, it arrived once, and in order.`,
  ({ runtime }) => `No idea. But ${runtime} heard you.`,
];

/** Speaks, unless it spoke just now or too often. */
function speak(state: GuestState, at: number, says: string): GuestStep {
  const recent = state.spokeAt.filter((time) => time > at - 60_000);
  const last = recent.at(-1);
  if (recent.length >= MAX_PER_MINUTE || (last !== undefined && at - last < MIN_GAP_MS)) {
    return { state: { ...state, spokeAt: recent }, says: undefined };
  }
  return { state: { ...state, spokeAt: [...recent, at], count: state.count + 1 }, says };
}
