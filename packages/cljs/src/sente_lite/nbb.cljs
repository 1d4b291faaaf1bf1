(ns sente-lite.nbb
  "A server on a port of its own, and a client, in nbb."
  (:require ["node:http" :as http]
            [sente-lite.client :as client]
            [sente-lite.server :as server]))

(defn- listen [http-server {:keys [port hostname] :or {port 0 hostname "127.0.0.1"}}]
  (js/Promise.
   (fn [resolve reject]
     (.once http-server "error" reject)
     (.listen http-server port hostname
              (fn []
                (.off http-server "error" reject)
                (let [port (.-port (.address http-server))]
                  (resolve {:url (str "ws://" hostname ":" port) :hostname hostname :port port})))))))

(defn make-nbb-server!
  "A server that listens at once on `:port` (default: any free one) of `:hostname` (default 127.0.0.1), whatever the path.
  Takes the options of `make-channel-socket-server!` too, and returns its map; `:listening` promises
  `{:url :hostname :port}`, and is rejected where the port is taken, which the error channel is told as well."
  [options]
  (let [made (server/make-channel-socket-server! (dissoc options :port :hostname))
        http-server (http/createServer
                     (fn [_ response]
                       (.writeHead response 426 #js {"upgrade" "websocket"})
                       (.end response "this is a WebSocket server")))
        began (listen http-server options)]
    (.on http-server "upgrade" (:ajax-get-or-ws-handshake-fn made))
    (.catch began (fn [error] ((:report! (:error-chan made)) error {:source "listen"})))
    (-> made
        (dissoc :listen! :attach!)
        (assoc :listening began
               :close! (fn [& options]
                         (-> (apply (:close! made) options)
                             (.then (fn []
                                      (.closeAllConnections http-server)
                                      (js/Promise. (fn [resolve] (.close http-server #(resolve nil))))))))))))

(def make-nbb-client! client/make-channel-socket-client!)
(def start-router! server/start-router!)
(def wrap-step-fn server/wrap-step-fn)
(def make-error-channel server/make-error-channel)
(def reply-error server/reply-error)
