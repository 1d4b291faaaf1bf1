import {
  type ChannelSocketServer,
  type RoomHistory,
  type RoomHistoryOptions,
  type ServerRoom,
  UsageError,
} from "@sente-lite/protocol";
import { checkOptions } from "@sente-lite/protocol/options";
import { checkPosition } from "@sente-lite/protocol/rooms";
import { checkTo } from "../check-to.ts";
import type { Sharing } from "../sharing.ts";
import type { Rooms } from "./rooms.ts";

const DEFAULT_LIMIT = 50;

const joinKinds = { lasting: "boolean" };
const historyKinds = { limit: "number", before: "object" };

type Server = ChannelSocketServer;

export interface RoomFunctionsOptions<Context> {
  readonly rooms: Rooms<Context>;
  /** The other nodes, where there may be some. */
  readonly sharing: Pick<Sharing, "ordered"> | undefined;
}

/** The functions by which an application lets its users into rooms, puts them out, and looks into a room. */
export class RoomFunctions<Context> {
  readonly #options: RoomFunctionsOptions<Context>;

  constructor(options: RoomFunctionsOptions<Context>) {
    this.#options = options;
  }

  readonly joinFn: Server["joinFn"] = (given, room, options = {}) => {
    const { rooms, sharing } = this.#options;
    const to = checkTo("joinFn", given);
    checkOptions("joinFn", options, joinKinds);
    rooms.check(room);
    if (options.lasting === true) rooms.lasting.add(to, room);
    sharing?.ordered(to, { type: "join", room });
    return rooms.letIn(to, room);
  };

  readonly leaveFn: Server["leaveFn"] = (given, room) => {
    const { rooms, sharing } = this.#options;
    const to = checkTo("leaveFn", given);
    rooms.check(room);
    rooms.lasting.end(to, room);
    sharing?.ordered(to, { type: "leave", room });
    return rooms.putOut(to, room);
  };

  readonly room: Server["room"] = (name) => {
    const { rooms } = this.#options;
    rooms.check(name);
    return Object.freeze<ServerRoom>({
      name,
      members: { get: () => rooms.members.uids(name), subscribe: (fn) => rooms.members.watch(name, fn) },
      history: (options) => this.#history(name, options),
    });
  };

  async #history(room: string, options: RoomHistoryOptions = {}): Promise<RoomHistory> {
    checkOptions("history", options, historyKinds);
    const { limit = DEFAULT_LIMIT, before } = options;
    if (!Number.isSafeInteger(limit) || limit < 0) {
      throw new UsageError("bad-option", `limit is a whole number of at least 0, not ${limit}`);
    }
    const range = { limit, before: before && checkPosition(before).offset };
    const read = await this.#options.rooms.posts.read(room, range);
    const { epoch } = read.top;
    const entries = read.entries.map(({ event: { event, uid }, offset }) => {
      return { event, id: event[0], data: event[1], uid, position: { epoch, offset } };
    });
    return { entries, position: read.top, isComplete: read.isComplete };
  }
}
