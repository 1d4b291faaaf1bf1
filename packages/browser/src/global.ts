// The bundle for a <script>: everything under the one name SenteLite, codecs included.
export { edn } from "@sente-lite/protocol/edn";
export { json } from "@sente-lite/protocol/json";
export { transitJson } from "@sente-lite/protocol/transit-json";
export * from "./index.ts";
