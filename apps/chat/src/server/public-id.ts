import { createHash } from "node:crypto";

/** What others see of the user with that key, who alone has it. */
export function publicId(key: string): string {
  return createHash("sha256").update(`chat/${key}`).digest("hex").slice(0, 16);
}
