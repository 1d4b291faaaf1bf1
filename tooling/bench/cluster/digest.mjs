// The users that somebody sees, in few bytes: two who see the same have the same.
import { createHash } from "node:crypto";

export function digestOf(uids) {
  const sorted = [...uids].sort();
  return `${sorted.length}:${createHash("sha256").update(sorted.join("\n")).digest("hex")}`;
}
