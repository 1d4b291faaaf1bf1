import type { ChannelSocketClient } from "@sente-lite/protocol";
import type { Told } from "../domain/events.ts";
import { fieldsOf, readCount, readPerson, readRoomName, readRooms } from "../domain/readers.ts";
import type { ChatInput } from "../domain/step.ts";

// What servers beside each other tell each other. Each is a client of its own, too, and so hears what is broadcast by any of
// them. All of these clients are one user, whose key nobody else has: by it, one server can ask all others.

type Peer = Pick<ChannelSocketClient, "chRecv" | "state">;

/** Passes on what a server broadcasts, and calls `ask` where the client has to learn everything: at first, and after a gap. */
export function hearPeers({ chRecv, state }: Peer, tell: (input: ChatInput) => void, ask: () => void): void {
  const told = (event: Told) => tell({ type: "told", event });
  chRecv.on("chat/asked", () => tell({ type: "asked" }));
  chRecv.on("chat/person", ({ data }) => {
    const person = readPerson(data);
    if (person !== undefined) told(["chat/person", person]);
  });
  chRecv.on("chat/rooms", ({ data }) => told(["chat/rooms", { rooms: readRooms(fieldsOf(data).rooms) }]));
  chRecv.on("chat/said", ({ data }) => {
    const [room, said] = [readRoomName(fieldsOf(data).room), readCount(fieldsOf(data).said)];
    if (room !== undefined && said !== undefined) told(["chat/said", { room, said }]);
  });
  state.subscribe((next, before) => {
    if (next.open && !before.open && !next.resumed) ask();
  });
}
