export * from "@sente-lite/protocol/transit-json";
