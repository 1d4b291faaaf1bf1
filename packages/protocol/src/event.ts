/** An event as the application writes it: `["chat/message", data]`. The id is namespaced; data may be left out. */
export type SenteEvent = readonly [id: string, data?: unknown];
