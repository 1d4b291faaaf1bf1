/** Every bound of the chat. Lengths in UTF-16 units, as in an input's `maxlength`. */
export const MAX_NAME_LENGTH = 32;
export const MAX_TEXT_LENGTH = 2_000;
export const MAX_ROOM_NAME_LENGTH = 32;
export const MAX_ID_LENGTH = 64;
/** Messages that a room keeps for those who join later, and their text in all: it must fit into one reply. */
export const MAX_HISTORY = 100;
export const MAX_HISTORY_LENGTH = 100_000;
export const MAX_ROOMS = 50;
export const MAX_USERS = 1_000;
/** Connections of one user that are remembered; the oldest is forgotten first. */
export const MAX_SEATS = 16;
/** Names that are remembered of users who are not connected; the one that was given first is forgotten first. */
export const MAX_NAMES = 1_000;
/** What a reader takes of a list that a server sends. */
export const MAX_LIST = 1_000;
