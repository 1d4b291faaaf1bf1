// For authors of adapters: queues between what comes in and who handles it.

export { Deque } from "./deque.ts";
export { Lane } from "./lane.ts";
export { Mailbox, type MailboxHooks } from "./mailbox.ts";
