import type { SenteEvent } from "@sente-lite/protocol";
import type { NodeId, Topic } from "@sente-lite/protocol/backplane";
import type { Delivered, Label, PostOptions, ReplyPost, RoomPost, Target } from "@sente-lite/protocol/cluster";
import type { Origin } from "./caught-up.ts";

/** The server, as other nodes reach it. Each does what its namesake for the application does, here alone. */
export interface SharedServer {
  push(to: readonly Label[], event: SenteEvent, options: PostOptions, origin: Origin): void;
  broadcast(event: SenteEvent, options: PostOptions, origin: Origin): void;
  postInto(post: RoomPost, origin: Origin): void;
  disconnect(to: Target, code: number, reason: string, origin: Origin): void;
  join(to: Target, room: string, origin: Origin): void;
  leave(to: Target, room: string, origin: Origin): void;
  /** A handler elsewhere answered, for a session that may be here. */
  reply(post: ReplyPost): void;
  /** Another node has ended, and what it posted was heard. */
  nodeGone(node: NodeId): void;
  /** True while somebody is here, or away, who is meant by what is posted there. */
  needs(topic: Topic): boolean;
  /** What is posted there is not heard any more. */
  unheard(topic: Topic): void;
  /** Ends the sessions that are meant by what is posted there, or all; returns how many. */
  endSessions(topic: Topic | undefined): number;
  /** Those who are here, or away. */
  sessions(): WeakSet<object>;
  /** Reads from the histories that nodes share what was not heard of them. */
  readHistories(): void;
  /** A user is in the cluster now, or no more. */
  presence(uid: string | null, isHere: boolean, isToTell: boolean): void;
  /** A user is in a room at another node now, or no more. */
  member(room: string, uid: string | null, isIn: boolean): void;
  /** A user is let into a room with each connection, or no more. */
  lasting(room: string, uid: string | null, isOn: boolean): void;
  /** Who is let into which room with each connection. */
  allLasting(): Iterable<readonly [uid: string | null, room: string]>;
}

/** What another node posted, done here. */
export function deliver(server: SharedServer, post: Delivered, origin: Origin): void {
  switch (post.type) {
    case "push":
      server.push(post.to, post.event, post, origin);
      break;
    case "broadcast":
      server.broadcast(post.event, post, origin);
      break;
    case "room":
      server.postInto(post, origin);
      break;
    case "disconnect":
      server.disconnect(post.to, post.code, post.reason, origin);
      break;
    case "join":
      server.join(post.to, post.room, origin);
      break;
    case "leave":
      server.leave(post.to, post.room, origin);
      break;
    case "reply":
      server.reply(post);
      break;
  }
}
