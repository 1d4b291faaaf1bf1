// For authors of adapters and of other peers: rooms (PROTOCOL.md section 6.10), pure. Also the seam for drivers that keep
// histories outside of a process.

export * from "./bodies.ts";
export { ClientRoom, type Joined, type JoinRefusal, type RoomStatus } from "./client-room.ts";
export { type HistoryRange, MemoryHistories, type MemoryHistoriesOptions, type RoomHistories } from "./histories.ts";
export { changeMembers, noMembers, type RoomMembers } from "./members.ts";
export { type MembersChange, type MembersList, MembersTally } from "./members-tally.ts";
export { Membership, type MembershipStatus, type RoomPost } from "./membership.ts";
export { checkPosition, isOffset, type RoomPosition, readPosition } from "./position.ts";
export { type HistoryBounds, type HistoryRead, type RoomEntry, RoomLog } from "./room-log.ts";
export { checkRoomName, isRoomName } from "./room-name.ts";
export { RoomPatterns } from "./room-patterns.ts";
export { type NoPlace, RoomTable, type RoomTableLimits } from "./room-table.ts";
