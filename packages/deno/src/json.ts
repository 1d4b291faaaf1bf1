export * from "@sente-lite/protocol/json";
