export * from "@sente-lite/engine/testing";
