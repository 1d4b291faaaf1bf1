import { createHash } from "node:crypto";

/**
 * A channel as a part of a subject: what a subject cannot have is written with a percent sign, so that two channels are two
 * subjects.
 */
export function subjectPart(channel: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are just what is looked for
  return channel.replace(/[\u0000-\u0020\u007f.*>%]/g, (one) => `%${one.charCodeAt(0).toString(16).padStart(2, "0")}`);
}

/** A key for a bucket or a stream, which allow few characters and not many. */
export function keyPart(key: string): string {
  return createHash("sha256").update(key).digest("base64url");
}
