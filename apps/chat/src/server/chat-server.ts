import {
  buildSystem,
  channelSocketServer,
  createEndpoints,
  defineProcess,
  type Endpoints,
  type Process,
  router,
  type StartRouter,
  type System,
} from "@sente-lite/flow";
import { prometheusText } from "@sente-lite/flow/prometheus";
import { type ChannelSocketClient, ReplyError, type RoomOptions, type ServerMessage } from "@sente-lite/protocol";
import { type ChatState, initialState, PERMANENT } from "../domain/chat-state.ts";
import { chatContract } from "../domain/contract.ts";
import { libraryRoom } from "../domain/events.ts";
import {
  HISTORY_TTL_MS,
  MAX_CONNECTIONS,
  MAX_CONNECTIONS_PER_ADDRESS,
  MAX_EVENTS_PER_SECOND,
  MAX_HISTORY,
  MAX_HISTORY_BYTES,
  MAX_LIST,
  MAX_QUESTIONS,
  MAX_ROOMS,
  MAX_ROOMS_OF_ONE,
} from "../domain/limits.ts";
import { readName, readRoomName, readRuntime } from "../domain/readers.ts";
import { type ChatInput, type ChatOutput, step } from "../domain/step.ts";
import type { ChatServer, ChatServerOptions, Visitor } from "./chat-types.ts";
import type { Store } from "./file-store.ts";
import { hearPeers } from "./peers.ts";
import { publicId } from "./public-id.ts";
import { createPlaces, permanentRooms } from "./room-places.ts";
import { createQuestions } from "./there.ts";

// The chat as a system: its steps, its store and a channel-socket server, and what leads from one to the other. The same
// on every runtime.

/** Options of every server of the chat; `makeChatServer` adds which rooms there is a place in. */
const chatOptions: ChatServerOptions = {
  contract: chatContract,
  // The key is a secret between one user and us. Others see what we make of it, and cannot act as that user.
  userIdFn: ({ url, clientId }) => publicId(url.searchParams.get("key") || clientId),
  // Nobody is refused but for a name that nobody could read.
  authorizedFn: ({ url }) => {
    const given = url.searchParams.get("name") ?? undefined;
    const name = readName(given);
    if (given !== undefined && name === undefined) return null;
    return { name, runtime: readRuntime(url.searchParams.get("runtime")) ?? "unknown" };
  },
  maxRooms: MAX_ROOMS,
  maxRoomsPerConnection: MAX_ROOMS_OF_ONE + PERMANENT.length,
  // So that nobody fills a room's history, or takes all rooms and places, in a moment.
  maxEventsPerSecondPerUser: MAX_EVENTS_PER_SECOND,
  maxConnectionsPerUser: MAX_CONNECTIONS,
  maxConnectionsPerAddress: MAX_CONNECTIONS_PER_ADDRESS,
  maxMembersListed: MAX_LIST,
};

const room: RoomOptions<Visitor> = {
  // Messages come from us, with the name and the time that we know.
  sendFn: ({ event: [id] }) => id === "chat/typing",
  history: { size: MAX_HISTORY, maxBytes: MAX_HISTORY_BYTES, ttlMs: HISTORY_TTL_MS },
  members: true,
};

/** Makes a server of the chat, with `makeChannelSocketServer` of its runtime. */
export function makeChatServer<Server extends ChatServer>(
  makeServer: (options: ChatServerOptions) => Server,
  given: Partial<ChatServerOptions> = {},
): Server {
  const joinFn: RoomOptions<Visitor>["joinFn"] = ({ room, uid }) => {
    if (!isOurs(room)) return new ReplyError("bad-room");
    return places.take(room, uid) || new ReplyError("too-many-rooms");
  };
  // Those that are named in full always have a place, and keep their history.
  const rooms = Object.fromEntries([...permanentRooms, "chat/*"].map((name) => [name, { ...room, joinFn }]));
  const server = makeServer({ ...chatOptions, ...given, rooms });
  const places = createPlaces(server);
  return server;
}

function isOurs(room: string): boolean {
  const name = room.slice(libraryRoom("").length);
  return readRoomName(name) === name;
}

/** How long connections may take to end, so that people can see that the server ends. */
const DRAIN_MS = 500;

/** The processes of the chat. */
export type ChatSystem = System<"store" | "chat" | "members" | "there" | "router" | "socket">;

/** What a chat is called among others, and the key of the user that they all are to each other. */
export interface Node {
  readonly name: string;
  readonly key: string;
}

/**
 * The chat as a system; nothing is started. `startRouter` is that of the server's runtime, `node` where there are several
 * servers.
 */
export function chatSystem(server: ChatServer, startRouter: StartRouter, store: Store, node?: Node): ChatSystem {
  const kept = store.load();
  // Histories live in memory: what was said in an earlier life is said once more, to nobody.
  for (const [name, messages] of kept) {
    for (const message of messages) server.sendFn({ room: libraryRoom(name) }, ["chat/message", message]);
  }
  const initial = initialState(kept, node?.name);
  const questions = createQuestions(server);
  const peers = node === undefined ? undefined : publicId(node.key);
  const chat = defineProcess<ChatState, ServerMessage<Visitor> | ChatInput, ChatOutput>({
    ports: {
      in: { event: {}, client: {}, members: {}, told: { optional: true } },
      out: ["keep", "push", "broadcast", "reply", "refuse", "watch"],
    },
    init: () => initial,
    transform: (state, message, { at }) => {
      const input = "type" in message ? message : inputOf(message, at, peers);
      return input === undefined ? undefined : step(state, input);
    },
    // The steps are pure: one that throws has changed nothing, and who is here stays here.
    onError: "skip",
  });

  return buildSystem({
    processes: {
      store: defineProcess({
        ports: { in: { keep: { sink: true } }, out: [] },
        // Before anybody is told of it: what leaves the chat first arrives first.
        transform: (_, { room, message }: Extract<ChatOutput, { type: "keep" }>) => store.keep(room, message),
      }),
      chat,
      members: membersOf(server, [...initial.rooms.keys()]),
      there: defineProcess({
        ports: { out: ["reply"] },
        // One more than wait: who is refused does not wait for them.
        concurrency: MAX_QUESTIONS + 1,
        transform: (_, { uid, data }: Pick<ServerMessage, "uid"> & { readonly data: { readonly uid: string } }) => {
          const answer = questions.ask(uid, data.uid);
          if (answer === undefined) throw new ReplyError("busy");
          return answer.then((value) => ({ outputs: [{ type: "reply", value }] }));
        },
      }),
      router: router({ "chat/hello": "chat", "chat/rename": "chat", "chat/send": "chat", "chat/there": "there" }),
      socket: channelSocketServer(server, startRouter, { drainMs: DRAIN_MS }),
    },
    connections: [
      // Of a user of another server nothing else tells that they are gone.
      ...(node === undefined
        ? []
        : [
            [
              ["socket", "uidport"],
              ["chat", "client"],
            ] as const,
          ]),
      [
        ["socket", "out"],
        ["router", "in"],
      ],
      [
        ["socket", "client"],
        ["chat", "client"],
      ],
      [
        ["router", "chat"],
        ["chat", "event"],
      ],
      [
        ["router", "there"],
        ["there", "in"],
      ],
      [
        ["there", "reply"],
        ["socket", "reply"],
      ],
      [
        ["members", "members"],
        ["chat", "members"],
      ],
      [
        ["chat", "watch"],
        ["members", "watch"],
      ],
      [
        ["chat", "keep"],
        ["store", "keep"],
      ],
      [
        ["chat", "push"],
        ["socket", "push"],
      ],
      [
        ["chat", "broadcast"],
        ["socket", "broadcast"],
      ],
      [
        ["chat", "reply"],
        ["socket", "reply"],
      ],
      [
        ["chat", "refuse"],
        ["socket", "refuse"],
      ],
    ],
  });
}

/** Has a chat hear of the servers beside it, by a client of its own server that has the key of the node. */
export function followPeers(
  system: ChatSystem,
  server: ChatServer,
  client: Pick<ChannelSocketClient, "chRecv" | "state">,
  { key }: Node,
): void {
  // While it ends, nobody need know.
  const tell = (input: ChatInput) => void system.inject(["chat", "told"], input).catch(() => {});
  hearPeers(client, tell, () => void server.sendFn(publicId(key), ["chat/asked"]));
}

/** Tells how many people are in each room of the list, which is all that it has to know of who is where. */
function membersOf(server: ChatServer, first: readonly string[]): Process {
  const watched = new Map<string, () => void>();
  let tell = (_room: string, _people: number): void => {};
  const watch = (rooms: readonly string[]) => {
    for (const room of rooms) {
      if (watched.has(room)) continue;
      const { members } = server.room(libraryRoom(room));
      watched.set(
        room,
        members.subscribe(({ size }) => tell(room, size)),
      );
      const { size } = members.get();
      if (size > 0) tell(room, size);
    }
    for (const [room, stop] of watched) {
      if (rooms.includes(room)) continue;
      stop();
      watched.delete(room);
    }
  };
  return defineProcess({
    ports: { in: { watch: { sink: true } }, out: ["members"] },
    start: ({ emit }) => {
      tell = (room, people) => void emit("members", { type: "members", room, people });
      watch(first);
    },
    transform: (_, { rooms }: Extract<ChatOutput, { type: "watch" }>) => watch(rooms),
  }) as Process;
}

/** `/healthz` and `/readyz` of a chat, and `/metrics` where they are for whoever asks. */
export function chatEndpoints(system: ChatSystem, { withMetrics }: { readonly withMetrics: boolean }): Endpoints {
  const { systemHealth, isReady, metrics } = system;
  return createEndpoints({
    health: systemHealth,
    isReady,
    ...(withMetrics ? { metricsText: prometheusText(metrics) } : {}),
  });
}

/** What an event is to the chat; `at` is in milliseconds since 1970. */
function inputOf(
  { id, uid, clientId, context, data }: ServerMessage<Visitor>,
  at: number,
  peers: string | undefined,
): ChatInput | undefined {
  // Servers are no visitors of each other.
  if (uid === peers) return undefined;
  const from = { uid: uid ?? "", clientId, ...context };
  switch (id) {
    case "chsk/uidport-close":
      return { type: "gone", uid: from.uid };
    case "chsk/client-open":
      return { type: "open", from };
    case "chsk/client-close":
      return { type: "close", from };
    case "chat/hello":
      return { type: "hello", from, data, at };
    case "chat/rename":
      return { type: "rename", from, data };
    case "chat/send":
      return { type: "send", from, data, at };
    default:
      return undefined;
  }
}
