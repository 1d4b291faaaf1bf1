import { UsageError } from "../errors.ts";
import { isWellFormed } from "../values/well-formed.ts";
import type { NodeId, Topic } from "./backplane.ts";

const MAX_TOPIC_LENGTH = 1_024;

/** True for the id of a node. */
export function isNodeId(value: unknown): value is NodeId {
  return typeof value === "string" && /^[0-9A-Za-z_-]{1,32}$/.test(value);
}

/** True for a topic, and for the key of `put` and `take`. */
export function isTopic(value: unknown): value is Topic {
  return typeof value === "string" && value !== "" && value.length <= MAX_TOPIC_LENGTH && isWellFormed(value);
}

/** The id. Throws `UsageError` `bad-node-id`. */
export function checkNodeId(value: unknown): NodeId {
  if (isNodeId(value)) return value;
  throw new UsageError("bad-node-id", "the id of a node has 1 to 32 characters of 0-9, A-Z, a-z, _ and -");
}

/** The topic. Throws `UsageError` `bad-topic`. */
export function checkTopic(value: unknown): Topic {
  if (isTopic(value)) return value;
  throw new UsageError("bad-topic", `a topic is a well-formed string of 1 to ${MAX_TOPIC_LENGTH} UTF-16 units`);
}
