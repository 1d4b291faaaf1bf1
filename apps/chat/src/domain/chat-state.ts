import type { Message, Person, RoomSummary } from "./events.ts";

export interface User {
  readonly name: string;
  /** What their clients run on, by client id. */
  readonly runtimes: ReadonlyMap<string, string>;
}

/** What the list of rooms says of one. Who is in it, and what was said there, the library keeps. */
export interface Room {
  /** A permanent room stays when nobody is in it. */
  readonly permanent: boolean;
  readonly people: number;
  /** Messages ever said, those that were forgotten included. */
  readonly said: number;
  /** When the last one was said, and when someone last came or spoke, in milliseconds since 1970. */
  readonly saidAt: number;
  readonly usedAt: number;
}

/** All that the chat knows. Never changed in place: a step makes the next one. */
export interface ChatState {
  /** What this server is called among others; undefined where it is the only one. */
  readonly node: string | undefined;
  /** Those who are connected here. */
  readonly users: ReadonlyMap<string, User>;
  /** Those who were seen last at another server, as it told of them. */
  readonly others: ReadonlyMap<string, Person>;
  readonly rooms: ReadonlyMap<string, Room>;
}

/** Rooms that are always there. */
export const PERMANENT: readonly string[] = ["lobby", "typescript", "clojure"];

/** What is known at first: the permanent rooms, and those of which messages were kept. */
export function initialState(kept: ReadonlyMap<string, readonly Message[]> = new Map(), node?: string): ChatState {
  const rooms = [...new Set([...PERMANENT, ...kept.keys()])].map((name): [string, Room] => {
    const messages = kept.get(name) ?? [];
    const at = messages.at(-1)?.at ?? 0;
    const permanent = PERMANENT.includes(name);
    return [name, { permanent, people: 0, said: messages.length, saidAt: at, usedAt: at }];
  });
  return { node, users: new Map(), others: new Map(), rooms: new Map(rooms) };
}

/** A user as the others see them. */
export function personOf(uid: string, { name, runtimes }: User, node?: string): Person {
  return { uid, name, runtimes: [...new Set(runtimes.values())].sort(), ...(node === undefined ? {} : { node }) };
}

/** All of whom we know what they are called, those of whom we heard last at the end. */
export function people({ users, others, node }: ChatState): readonly Person[] {
  return [...others.values(), ...[...users].map(([uid, user]) => personOf(uid, user, node))];
}

export function summaries({ rooms }: ChatState): readonly RoomSummary[] {
  return [...rooms].map(([name, { people, said }]) => ({ name, people, said }));
}
