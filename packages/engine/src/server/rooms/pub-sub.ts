import { isKw, kw, type SenteEvent } from "@sente-lite/protocol";
import { whenSettled } from "@sente-lite/protocol/calls";
import { isRoomName } from "@sente-lite/protocol/rooms";
import { isProtocolId, readEvent } from "@sente-lite/protocol/session";
import type { Place } from "../../incoming.ts";
import type { SessionDriver } from "../session-driver.ts";
import { type ChannelId, makePublishedEvent } from "./post.ts";
import type { RoomRequests } from "./room-requests.ts";
import type { Rooms } from "./rooms.ts";

const SUBSCRIBE = "sente-lite/subscribe";
const UNSUBSCRIBE = "sente-lite/unsubscribe";
const PUBLISH = "sente-lite/publish";
const IDS: ReadonlySet<string> = new Set([SUBSCRIBE, UNSUBSCRIBE, PUBLISH]);

export interface PubSubOptions<Context> {
  readonly rooms: Rooms<Context>;
  readonly requests: RoomRequests<Context>;
  readonly push: (connection: SessionDriver<Context>, event: SenteEvent) => void;
}

interface Asked {
  readonly channelId: ChannelId;
  readonly room: string | undefined;
  readonly data: unknown;
  readonly excludesSender: boolean;
}

/** The publish and subscribe of sente_lite's peers, in our rooms (PROTOCOL.md section 4.5). */
export class PubSub<Context> {
  readonly #options: PubSubOptions<Context>;

  constructor(options: PubSubOptions<Context>) {
    this.#options = options;
  }

  /** True for what sente_lite's peers ask of rooms. */
  static asks(id: string): boolean {
    return IDS.has(id);
  }

  take(connection: SessionDriver<Context>, [id, data]: SenteEvent, place: Place): PromiseLike<void> | undefined {
    if (place.isVoid) return undefined;
    const asked = read(data);
    if (id === PUBLISH) return this.#publish(connection, asked);
    if (id === SUBSCRIBE) this.#subscribe(connection, asked);
    else this.#unsubscribe(connection, asked);
    return undefined;
  }

  #subscribe(connection: SessionDriver<Context>, { room, channelId }: Asked): void {
    const { rooms, requests } = this.#options;
    if (room === undefined) {
      this.#acknowledge(connection, channelId, false);
      return;
    }
    requests.join(connection, room, undefined, {
      accept: (_body, member) => {
        rooms.posts.nameChannel(member, channelId);
        this.#acknowledge(connection, channelId, true);
      },
      refuse: () => this.#acknowledge(connection, channelId, false),
    });
  }

  /** Answers as sente_lite's own server does, even where there was no subscription. */
  #unsubscribe(connection: SessionDriver<Context>, { room, channelId }: Asked): void {
    if (room !== undefined) this.#options.requests.leave(connection, room);
    this.#acknowledge(connection, channelId, true);
  }

  #publish(connection: SessionDriver<Context>, asked: Asked): PromiseLike<void> | undefined {
    const { rooms, requests } = this.#options;
    const { room, data, excludesSender } = asked;
    if (room === undefined) return undefined;
    const event = readEvent(data, connection.session.codec.stringIds);
    const said = makePublishedEvent(data, event === undefined || isProtocolId(event[0]) ? undefined : event);
    return whenSettled(requests.judge(connection, room, said), (judged) => {
      if (!("event" in judged)) {
        const { code, message } = judged.failure;
        this.#options.push(connection, ["sente-lite/error", { "event-id": kw(PUBLISH), code, message }]);
        return;
      }
      const { uid, clientId } = connection;
      const except = excludesSender ? { except: { uid, clientId } } : {};
      const posted = { event: judged.event, uid, from: clientId, ...except };
      connection.incoming.act((said) => rooms.posts.post(room, said), posted);
    });
  }

  #acknowledge(connection: SessionDriver<Context>, channelId: ChannelId, success: boolean): void {
    this.#options.push(connection, ["sente-lite/subscribed", { "channel-id": channelId, success }]);
  }
}

function read(given: unknown): Asked {
  const body = typeof given === "object" && given !== null ? (given as Readonly<Record<string, unknown>>) : {};
  const { "channel-id": channelId = null, data = null, "exclude-sender?": excludes } = body;
  const name = isKw(channelId) ? channelId.fqn : channelId;
  return { channelId, room: isRoomName(name) ? name : undefined, data, excludesSender: excludes === true };
}
