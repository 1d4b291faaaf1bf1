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

(def server (sente/make-channel-socket-server! {:user-id-fn public-id :authorized?-fn visitor}))
(def state (atom chat/initial))

(defn- carry-out! [{:keys [type to event value code]} ?reply-fn]
  (case type
    :push ((:send-fn server) to event)
    :broadcast ((:broadcast-fn server) event)
    :reply (when ?reply-fn (?reply-fn value))
    :refuse (when ?reply-fn (?reply-fn (sente/reply-error code)))))

(sente/start-router!
 (:ch-recv server)
 (fn [{:keys [id uid client-id context ?data ?reply-fn]}]
   (let [from (assoc context :uid uid :client-id client-id)
         {next-state :state outputs :outputs} (chat/step @state id from ?data (js/Date.now))]
     (reset! state next-state)
     (run! #(carry-out! % ?reply-fn) outputs))))

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
