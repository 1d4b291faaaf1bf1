(ns sente-lite.codecs
  "The library's codecs by name, in nbb. In Scittle they are parts of the script."
  (:require ["@sente-lite/node/edn" :refer [edn]]
            ["@sente-lite/node/gzip" :refer [gzip]]
            ["@sente-lite/node/json" :refer [json]]
            ["@sente-lite/node/sente-msgpack" :refer [senteMsgpack]]
            ["@sente-lite/node/transit-json" :refer [transitJson]]
            ["@sente-lite/node/transit-msgpack" :refer [transitMsgpack]]))

(def known
  "Each codec, and each in Sente's gzip wrapper."
  (let [plain [transitJson edn json transitMsgpack senteMsgpack]]
    (into {} (map (fn [codec] [(.-name codec) codec])) (concat plain (map #(gzip %) plain)))))
