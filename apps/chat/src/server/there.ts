import { MAX_QUESTIONS, MAX_QUESTIONS_OF_ONE } from "../domain/limits.ts";
import type { ChatServer } from "./chat-types.ts";

/** How long a client may take to say whether somebody is at it. */
const THERE_MS = 3_000;

/** Questions whether somebody is there. */
export interface Questions {
  /** Asks each client of a user. Undefined, and nothing is asked, where too many wait for an answer already. */
  readonly ask: (asker: string | null, uid: string) => Promise<boolean> | undefined;
}

/** Asks the clients of a server: each user once for all who want to know it at a time. */
export function createQuestions(server: Pick<ChatServer, "requestAllFn">): Questions {
  const asked = new Map<string, Promise<boolean>>();
  /** How many wait for an answer, by who asked. */
  const waiting = new Map<string | null, number>();
  let count = 0;

  const askClients = async (uid: string) => {
    const answers = await server.requestAllFn(uid, ["chat/there"], { timeoutMs: THERE_MS });
    return answers.some((one) => one.status === "fulfilled" && one.value === true);
  };

  const share = (uid: string) => {
    const known = asked.get(uid);
    if (known !== undefined) return known;
    const answer = askClients(uid).finally(() => asked.delete(uid));
    asked.set(uid, answer);
    return answer;
  };

  return {
    ask: (asker, uid) => {
      const own = waiting.get(asker) ?? 0;
      if (own >= MAX_QUESTIONS_OF_ONE || count >= MAX_QUESTIONS) return undefined;
      waiting.set(asker, own + 1);
      count++;
      return share(uid).finally(() => {
        count--;
        const left = (waiting.get(asker) ?? 1) - 1;
        if (left === 0) waiting.delete(asker);
        else waiting.set(asker, left);
      });
    },
  };
}
