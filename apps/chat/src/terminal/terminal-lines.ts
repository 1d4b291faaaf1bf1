import type { ClientState } from "@sente-lite/protocol";
import { type Entry, type Notice, talkIn, type View } from "../client/view.ts";
import type { Person } from "../domain/events.ts";

// What the terminal prints. Names and texts were read by the domain's readers, which strip control characters and
// escape sequences; what is left to do here is that no message can look like lines of another one.

const clock = new Intl.DateTimeFormat("en-GB", { hour: "2-digit", minute: "2-digit" });

export const helpLines: readonly string[] = [
  "* /people          who is here",
  "* /there NAME      ask whether somebody is there",
  "* /rooms           which rooms there are, and what is unread in them",
  "* /room NAME       go to another room",
  "* /name NAME       take another name",
  "* /retry           send again what was not delivered",
  "* /quit            leave",
];

export function entryLine({ name, text, at, status, reason }: Entry): string {
  const lines = text.replaceAll("\n", "\n        | ");
  if (status === "failed") return `* not delivered (${reason ?? "unknown"}), /retry sends it again: ${lines}`;
  return `[${clock.format(at)}] ${name}: ${lines}`;
}

export function peopleLine(people: readonly Person[]): string {
  return `* ${people.length} here: ${people.map(personText).join(", ")}`;
}

/** Who came, went, or changed. */
export function presenceLines(before: readonly Person[], after: readonly Person[], me: string | null): string[] {
  if (before === after) return [];
  const was = new Map(before.map((person) => [person.uid, person]));
  const is = new Map(after.map((person) => [person.uid, person]));
  const gone = before.filter(({ uid }) => !is.has(uid)).map(({ name }) => `* ${name} left`);
  const changed = after.flatMap((person) => {
    const old = was.get(person.uid);
    if (old === undefined) return person.uid === me ? [] : [`* ${personText(person)} is here`];
    return old.name === person.name ? [] : [`* ${old.name} is now ${person.name}`];
  });
  return [...gone, ...changed];
}

/** What a reconnect brought. */
export function noticeLine({ type, missed }: Notice): string {
  const how = `* back: the session ${type === "resumed" ? "went on where it was" : "began anew"}`;
  const what = missed === 1 ? "1 message that was missed" : `${missed} messages that were missed`;
  if (type === "incomplete") {
    return missed === 0
      ? `${how}, and the server lost our place: something may be missing`
      : `${how}, fetched ${what}; the server lost our place: others may be missing`;
  }
  const got = type === "resumed" ? "replayed" : "recovered";
  return missed === 0 ? `${how}, and nothing was missed` : `${how}, ${got} ${what}`;
}

export function roomLines({ rooms, room, unread }: View): readonly string[] {
  return rooms.map(({ name, people }) => {
    const count = unread.get(name);
    return `* ${name === room ? ">" : " "} #${name}: ${people} here${count === undefined ? "" : `, ${count} unread`}`;
  });
}

/** What stands before the line that one writes: where it will be said, and who is writing too. */
export function promptText(view: View): string {
  const [first, ...others] = talkIn(view, view.room).typing;
  if (first === undefined) return `#${view.room}> `;
  return `#${view.room} (${others.length === 0 ? first.name : `${first.name} and ${others.length} more`} writing)> `;
}

/** What the state of the connection is, where that is news. */
export function connectionLine(state: ClientState, now: number): string | undefined {
  if (state.open) return "* connected";
  if (state.status === "backoff") {
    const seconds = Math.max(1, Math.ceil(((state.udtNextReconnect ?? now) - now) / 1_000));
    return `* no connection, trying again in ${seconds} s`;
  }
  return state.status === "terminal" ? "* the server refused the connection" : undefined;
}

function personText({ name, runtimes }: Person): string {
  return `${name} (${runtimes.join(", ")})`;
}
