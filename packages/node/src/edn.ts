export * from "@sente-lite/protocol/edn";
