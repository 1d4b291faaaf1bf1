import type { Line } from "./line.ts";
import type { SessionFacts } from "./watch.ts";

/** Acknowledges what was never sent. */
export const FORGED_ACK = '[["chsk/ack",1000000],null]';

/** What somebody on the way makes of an attempt that names a session. */
export function forge(
  sessions: ReadonlyMap<string, SessionFacts>,
  line: Line,
  url: string,
  protocols: readonly string[],
): { readonly url: string; readonly protocols: readonly string[]; readonly isForged: boolean } {
  const { forge } = line;
  const named = /^session\.(.+)\.(\d+)$/.exec(protocols.find((name) => name.startsWith("session.")) ?? "");
  if (forge === undefined || named === null) return { url, protocols, isForged: false };
  line.forge = undefined;
  const [, id = "", received] = named;
  const session = sessions.get(id);
  if (session === undefined || session.isHostile) return { url, protocols, isForged: false };
  session.isHostile = true;
  return forge === "codec"
    ? { url: url.replace("codec=json", "codec=json2"), protocols, isForged: true }
    : { url, protocols: ["sente-lite", `session.${id}.${Number(received) + 1_000}`], isForged: true };
}
