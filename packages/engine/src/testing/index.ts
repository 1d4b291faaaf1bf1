export {
  type ConnectInMemory,
  connectInMemory,
  createInMemoryConnector,
  type InMemory,
  type InMemoryClientOptions,
  type InMemoryClock,
  type InMemoryOptions,
  type RawOf,
} from "./in-memory.ts";
