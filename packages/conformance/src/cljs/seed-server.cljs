(ns my-app.server
  (:require [sente-lite.server :as sente]
            ;; Of the test: an HTTP server.
            ["node:http" :as http]))

;; Of the test: what the snippet leaves to its reader.
(def port (js/Promise. (fn [resolve] (def listening resolve))))
(defn mount! [upgrade]
  (let [server (http/createServer)]
    (.on server "upgrade" upgrade)
    (.listen server 0 "127.0.0.1" #(listening (.-port (.address server))))))
(defn event-handler-fn [{:keys [id ?data uid send-fn ?reply-fn]}]
  (when (= :chat/message id)
    (send-fn uid [:chat/message ?data])
    (when ?reply-fn (?reply-fn [:read-by uid]))))

;; Matches Sente's make-channel-socket-server!
(let [{:keys [ch-recv send-fn connected-uids
              ajax-post-fn ajax-get-or-ws-handshake-fn]} 
      (sente/make-channel-socket-server!
        {:user-id-fn (fn [ring-req] (:client-id ring-req))
         :handshake-data-fn (fn [ring-req] {:csrf-token "..."})})]
  
  ;; Start event router with step functions
  (sente/start-router! 
    ch-recv 
    event-handler-fn)
  ;; Of the test.
  (mount! ajax-get-or-ws-handshake-fn))
