// The bundle for a <script>: everything under the one name SenteLite, with the codecs but gzip, which pages do not need:
// what compresses there is permessage-deflate.
export { edn } from "@sente-lite/protocol/edn";
export { json } from "@sente-lite/protocol/json";
export { senteMsgpack } from "@sente-lite/protocol/sente-msgpack";
export { transitJson } from "@sente-lite/protocol/transit-json";
export { transitMsgpack } from "@sente-lite/protocol/transit-msgpack";
export * from "./index.ts";
