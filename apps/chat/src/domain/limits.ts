/** Every bound of the chat. Lengths in UTF-16 units, as in an input's `maxlength`. */
export const MAX_NAME_LENGTH = 32;
export const MAX_TEXT_LENGTH = 2_000;
export const MAX_ROOM_NAME_LENGTH = 32;
export const MAX_ID_LENGTH = 64;
/** Messages that the history of a room keeps, the bytes that they may take in memory, and for how long. */
export const MAX_HISTORY = 100;
export const MAX_HISTORY_BYTES = 256 * 1_024;
export const HISTORY_TTL_MS = 7 * 24 * 60 * 60_000;
/** Rooms that somebody is in, and rooms of the list; those that are permanent always have a place, beside as many others. */
export const MAX_ROOMS = 50;
/** Runtimes of one user that a reader takes. */
export const MAX_RUNTIMES = 16;
/**
 * What one person may do over all their connections: frames per second, connections, rooms that they are in beside the
 * permanent ones, and questions whether somebody is there that wait for an answer.
 */
export const MAX_EVENTS_PER_SECOND = 10;
export const MAX_CONNECTIONS = 50;
export const MAX_ROOMS_OF_ONE = 4;
export const MAX_QUESTIONS_OF_ONE = 3;
/** So many of these questions wait at a time, of all together. */
export const MAX_QUESTIONS = 200;
/** Connections of one address, with all who are behind it. */
export const MAX_CONNECTIONS_PER_ADDRESS = 500;
/** What a reader takes of a list that a server sends, and how many members of a room are told by their ids. */
export const MAX_LIST = 1_000;
