export { connectInMemory, type InMemory, type InMemoryClock, type InMemoryOptions } from "./in-memory.ts";
