export { MemoryBackplane, type MemoryBackplaneOptions, memoryBackplane } from "./memory-backplane.ts";
export { Pair, type PairOptions } from "./pair.ts";
export { type Direction, Pipe } from "./pipe.ts";
export { VirtualClock } from "./virtual-clock.ts";
