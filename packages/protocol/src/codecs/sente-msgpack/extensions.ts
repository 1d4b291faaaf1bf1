// Sente's types of extension (PROTOCOL.md section 5.4), and one of ours.
export const KEYWORD = 0;
export const SYMBOL = 1;
export const CHARACTER = 2;
export const RATIO = 3;
export const SET = 4;
export const INTS = 5;
export const FLOATS = 6;
export const DOUBLES = 7;
export const CACHED_KEY = 8;
export const UUID = 9;
/** -1, as the byte that it is. */
export const TIME = 0xff;
/** What Sente has no type for: a tag and its value. */
export const TAGGED = 64;

/** So many map keys of a message can be referred to. */
export const CACHE_SIZE = 256;
