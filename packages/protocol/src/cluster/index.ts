// What the nodes of one application say to each other through a backplane; pure.

export type { Change } from "./changes.ts";
export {
  ClusterMachine,
  type ClusterMachineOptions,
  type ClusterOutput,
  type PostOutput,
} from "./cluster-machine.ts";
export type { ClusterPresence, ClusterPresenceOptions, PresenceOutput } from "./cluster-presence.ts";
export type { Cut, CutPost, CutQuestion, CutResult, LivePost } from "./cut.ts";
export {
  BEGUN_STREAM,
  type MissedQuestion,
  maxBytesLeft,
  nameLeftStream,
  readBegun,
  readLeft,
  readMissed,
  readMissedQuestion,
  writeBegun,
  writeLeft,
  writeMissed,
  writeMissedQuestion,
} from "./missed.ts";
export {
  readSessionAnswer,
  readSessionQuestion,
  type SessionAnswer,
  type SessionQuestion,
  writeSessionAnswer,
  writeSessionQuestion,
} from "./moves.ts";
export type { OwnPresence } from "./own-presence.ts";
export type { Part } from "./peer.ts";
export {
  type Delivered,
  type Label,
  type Post,
  PostCodec,
  type PostOptions,
  type ReplyPost,
  type RoomPost,
  readEvent,
  readLabels,
  readTarget,
  type Target,
} from "./posts.ts";
export { type AskKind, readAnswer, readQuestion, writeAnswer, writeQuestion } from "./questions.ts";
export {
  type Heard,
  type KeptPost,
  type Missed,
  type MissedPost,
  RecentPosts,
  type RecentPostsBounds,
} from "./recent-posts.ts";
export { ALL, roomTopic, uidTopic } from "./topics.ts";
