import { defineProcess, type Process } from "../system/process.ts";

/**
 * A process that sends each message on by its event id: `router({ "chat/send": "chat", "*": "rest" })` has the outputs
 * `chat` and `rest`. A message that no route fits, and none is `"*"`, goes nowhere: its request is refused as
 * `unhandled`.
 */
export function router(routes: Readonly<Record<string, string>>): Process {
  const ports = new Map(Object.entries(routes));
  return defineProcess<undefined, { readonly id: string }>({
    ports: { in: ["in"], out: [...new Set(ports.values())] },
    transform: (_, message) => {
      const port = ports.get(message.id) ?? ports.get("*");
      return port === undefined ? undefined : { outputs: [[port, message]] };
    },
  });
}
