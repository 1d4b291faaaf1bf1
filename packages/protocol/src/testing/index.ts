export { type Direction, Link } from "./link.ts";
export { Pair, type PairOptions } from "./pair.ts";
export { VirtualClock } from "./virtual-clock.ts";
