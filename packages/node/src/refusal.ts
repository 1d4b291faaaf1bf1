import type { IncomingMessage } from "node:http";

const MAX_TEXT = 200;

/** Why an upgrade failed: the status, and what the answer says where that is plain text. Waits for the answer's end. */
export async function refusalOf(response: IncomingMessage): Promise<Error> {
  const status = `Unexpected server response: ${response.statusCode}`;
  if (!/^text\/plain\b/i.test(response.headers["content-type"] ?? "")) return new Error(status);
  const text = (await beginningOf(response)).replace(/[\p{Cc}\p{Z}]+/gu, " ").trim();
  return new Error(text === "" ? status : `${status}: ${text}`);
}

/** As much of the answer as came, even where it does not end. */
async function beginningOf(response: IncomingMessage): Promise<string> {
  let text = "";
  try {
    for await (const chunk of response.setEncoding("utf8")) {
      text += chunk;
      if (text.length >= MAX_TEXT) break;
    }
  } catch {
    // It was cut: by the server, or by the client, which waits no longer.
  }
  return text.slice(0, MAX_TEXT);
}
