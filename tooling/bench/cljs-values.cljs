;; node node_modules/nbb/cli.js --classpath packages/cljs/src tooling/bench/cljs-values.cljs
;; What it takes to convert a chat message between Clojure and the library, beside EDN as text in between, and the codec.
(ns cljs-values
  (:require ["@sente-lite/node/edn" :refer [edn]]
            ["@sente-lite/node/transit-json" :refer [transitJson]]
            [clojure.edn :as clojure-edn]
            [sente-lite.values :as values]))

(def message {:room "lobby"
              :message {:id "m-1" :uid "ann" :name "Ann" :runtime "nbb" :text "hello there, how are you" :at 1700000000000}})
(def sent (values/->js message))
(def text (.encode transitJson sent))
(def received (.decode transitJson text))

(defn- median-us [f]
  (let [rounds 300
        batch 20
        times (for [_ (range rounds)]
                (let [begun (js/performance.now)]
                  (dotimes [_ batch] (f))
                  (/ (* 1000 (- (js/performance.now) begun)) batch)))]
    (nth (sort times) (/ rounds 2))))

(doseq [[what f] [["to the library" #(values/->js message)]
                  ["from the library" #(values/->clj received)]
                  ["transit, writing" #(.encode transitJson sent)]
                  ["transit, reading" #(.decode transitJson text)]
                  ["as EDN, to the library" #(.decode edn (pr-str message))]
                  ["as EDN, from the library" #(clojure-edn/read-string (.encode edn received))]]]
  (f)
  (println (.padEnd what 28) (.toFixed (median-us f) 1) "us"))
