(ns server
  "The chat served by nbb, with the page of apps/chat as it was built."
  (:require ["node:crypto" :as crypto]
            ["node:fs" :as fs]
            ["node:http" :as http]
            ["node:path" :as path]
            [chat.step :as chat]
            [nbb.core :refer [*file*]]
            [sente-lite.server :as sente]))

(def options (merge {"--port" "3000" "--host" "127.0.0.1"} (apply hash-map *command-line-args*)))

;; The key is a secret between one user and us: others see what we make of it.
(defn- public-id [{:keys [params client-id]}]
  (-> (crypto/createHash "sha256") (.update (str "chat/" (:key params client-id))) (.digest "hex") (subs 0 16)))

(defn- visitor [{{:keys [name runtime]} :params}]
  {:name (when name (subs name 0 (min 32 (count name))))
   :runtime (or (some->> runtime (re-matches #"[a-z][a-z0-9-]{0,15}")) "unknown")})

(def rooms
  {"chat/*" {:join-fn (fn [{:keys [room]}] (= room (some->> (subs room 5) chat/room-of (str "chat/"))))
             ;; Messages come from us, with the name and the time that we know.
             :send-fn (fn [{[id] :event}] (= :chat/typing id))
             :history {:size 100}
             :members true}})

(def server
  (sente/make-channel-socket-server!
   {:user-id-fn public-id :authorized?-fn visitor :rooms rooms :max-rooms 50 :max-members-listed 1000}))
(def state (atom chat/initial))
(def watched (atom #{}))

(declare take!)

(defn- watch! [room]
  (when-not (@watched room)
    (swap! watched conj room)
    (let [{:keys [members on-members]} ((:room server) (str "chat/" room))
          tell (fn [uids] (take! :members nil {:room room :people (count uids)} nil))]
      (on-members tell)
      (tell (members)))))

(defn- carry-out! [{:keys [type to event value code room]} ?reply-fn]
  (case type
    :push ((:send-fn server) to event)
    :broadcast ((:broadcast-fn server) event)
    :watch (watch! room)
    :reply (when ?reply-fn (?reply-fn value))
    :refuse (when ?reply-fn (?reply-fn (sente/reply-error code)))))

(defn- take! [id from data ?reply-fn]
  (let [{next-state :state outputs :outputs} (chat/step @state id from data (js/Date.now))]
    (reset! state next-state)
    (run! #(carry-out! % ?reply-fn) outputs)))

(defn- there?
  "Asks each client of a user whether somebody is at it."
  [uid]
  (.then ((:request-all-fn server) uid [:chat/there] {:timeout-ms 3000})
         #(boolean (some (comp true? :value) %))))

(sente/start-router!
 (:ch-recv server)
 (fn [{:keys [id uid client-id context ?data ?reply-fn]}]
   (if (= :chat/there id)
     (.then (there? (str (:uid ?data))) ?reply-fn)
     (take! id (assoc context :uid uid :client-id client-id) ?data ?reply-fn))))

(watch! "lobby")

;; the page

(def folder (path/resolve (path/dirname *file*) "../../chat/dist/page"))
(def types {".html" "text/html; charset=utf-8" ".js" "text/javascript" ".css" "text/css" ".svg" "image/svg+xml"})
(def files (into {} (map (fn [file] [(str "/" file) (fs/readFileSync (path/join folder file))]))
                 (filter #(types (path/extname %)) (fs/readdirSync folder))))

(def http-server
  (http/createServer
   (fn [request response]
     (let [asked (first (.split (.-url request) "?"))
           file (if (= "/" asked) "/index.html" asked)]
       (if-let [body (files file)]
         (do (.writeHead response 200 #js {"content-type" (types (path/extname file))}) (.end response body))
         (do (.writeHead response 404) (.end response "not found")))))))

((:attach! server) http-server {:path "/chsk"})
(.listen http-server (js/Number (options "--port")) (options "--host")
         #(println (str "chat: http://" (options "--host") ":" (.-port (.address http-server)) "/")))

(doseq [signal ["SIGINT" "SIGTERM"]]
  (.once js/process signal
         (fn [] (.then ((:close! server) {:drain-ms 500}) #(js/process.exit 0)))))
