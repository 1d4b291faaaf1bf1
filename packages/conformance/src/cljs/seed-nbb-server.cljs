;; Server (nbb)
(ns my-app.nbb-server
  (:require [sente-lite.nbb :as sente]))

(def server
  (sente/make-nbb-server!
    {:port 3000
     :user-id-fn (fn [req] (get-in req [:url "searchParams" "client-id"]))
     :handshake-data-fn (fn [req] {:timestamp (js/Date.now)})}))

;; Register handler
((:on (:ch-recv server)) :chat/message
  (fn [{:keys [uid event]}]
    (println "Message from" uid ":" event)
    ((:broadcast-fn server) [:chat/message event])))
