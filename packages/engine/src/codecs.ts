import type { Codec } from "@sente-lite/protocol";
import { edn } from "@sente-lite/protocol/edn";
import { json } from "@sente-lite/protocol/json";
import { senteMsgpack } from "@sente-lite/protocol/sente-msgpack";
import { transitJson } from "@sente-lite/protocol/transit-json";
import { transitMsgpack } from "@sente-lite/protocol/transit-msgpack";

type CodecName = "transit-json" | "edn" | "json" | "transit-msgpack" | "sente-msgpack";

/**
 * Every codec that has a name of its own, which servers speak and clients may ask for; the first is for who names none. The one
 * table of codecs: runtimes, suites, fixtures and benchmarks read it.
 */
export const codecs: { readonly [Name in CodecName]: Codec<Name> } = {
  "transit-json": transitJson,
  edn,
  json,
  "transit-msgpack": transitMsgpack,
  "sente-msgpack": senteMsgpack,
};
