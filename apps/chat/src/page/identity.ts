import { fieldsOf, readId, readName } from "../domain/readers.ts";

/** Who we are, in all tabs of this browser. */
export interface Identity {
  /** A secret: whoever has it is this user. The server makes the user id of it, which everybody may know. */
  readonly key: string;
  /** Empty until we were asked. */
  readonly name: string;
}

const ITEM = "sente-lite-chat";
// Where the browser forbids storage, each tab is a user of its own.
let inMemory: Identity = { key: randomId(), name: "" };

export function loadIdentity(): Identity {
  try {
    const stored = fieldsOf(JSON.parse(localStorage.getItem(ITEM) ?? "null"));
    const key = readId(stored.key);
    if (key !== undefined) inMemory = { key, name: readName(stored.name) ?? "" };
  } catch {
    // As if nothing were stored.
  }
  return inMemory;
}

export function saveName(name: string): void {
  inMemory = { ...loadIdentity(), name };
  try {
    localStorage.setItem(ITEM, JSON.stringify(inMemory));
  } catch {
    // It lasts as long as the page.
  }
}

/** 128 random bits. Not `crypto.randomUUID`, which a page has only over https or on localhost. */
export function randomId(): string {
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, "0")).join("");
}
