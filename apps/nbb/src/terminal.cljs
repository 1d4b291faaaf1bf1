(ns terminal
  "The chat in a terminal, on nbb: a line that is typed is said."
  (:require ["node:crypto" :as crypto]
            ["node:readline" :as readline]
            [chat.talk :as talk]
            [clojure.string :as str]
            [sente-lite.client :as sente]))

(defn- hex [] (.toString (crypto/randomBytes 16) "hex"))

(def options
  (merge {"--url" "ws://127.0.0.1:3000/chsk" "--name" (or (.. js/process -env -USER) "someone") "--room" "lobby" "--key" (hex)}
         (apply hash-map *command-line-args*)))

(def client
  (sente/make-channel-socket-client! (options "--url")
                                     {:client-id (random-uuid)
                                      :params {:key (options "--key") :name (options "--name") :runtime "nbb"}}))

(defn- clock [at]
  (.toLocaleTimeString (js/Date. at) "en-GB" #js {:hour "2-digit" :minute "2-digit"}))

(defn- tell [[what x]]
  (case what
    :said (println (str "[" (clock (:at x)) "] " (talk/readable (:name x)) ": " (talk/readable (:text x))))
    :joined (println (str "* you are in #" (options "--room") "\n* " (count x) " here: "
                          (str/join ", " (map (comp talk/readable :name) x))))
    :here (println (str "* " (talk/readable (:name x)) " is here"))
    :gone (println "* someone left")
    :away (println "* away: what you write waits")
    :back (println (str "* back: the session " (if x "went on where it was" "began anew")))
    :refused (println (str "* refused: " x))))

(def say! (talk/talk! client (options "--room") tell))

(defn- quit []
  ;; It is answered after all that was said.
  ((:send-fn client) [:chat/hello {:room (options "--room")}] 1000
                     (fn [_]
                       ((:close! client))
                       (js/setTimeout #(js/process.exit 0) 100))))

(doto (readline/createInterface #js {:input js/process.stdin})
  (.on "line" (fn [line]
                (case (str/trim line)
                  "" nil
                  "/quit" (quit)
                  ;; To see that nothing is lost by it.
                  "/cut" (sente/chsk-break-connection! (:chsk client))
                  (say! line))))
  (.on "close" quit))
(.once js/process "SIGTERM" quit)
