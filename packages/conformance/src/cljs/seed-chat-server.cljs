(ns my-app.server
  (:require [sente-lite.server :as sente]))

;; Of the test: the clock of ClojureScript, where the snippet has the JVM's, and no Jetty.

;; Create server with Transit serialization
(def server 
  (sente/make-channel-socket-server!
    {:user-id-fn (fn [req] (get-in req [:params :client-id]))
     :handshake-data-fn (fn [req] {:server-time (js/Date.now)})
     :serialization :transit-json}))  ; 3-5x faster than :edn

;; Pure step function for chat
(defn chat-step-fn [state event-msg]
  (let [{:keys [uid event]} event-msg
        [_ {:keys [text]}] event
        message {:user uid :text text :timestamp (js/Date.now)}]
    {:state state
     :outputs [{:type :broadcast
                :event [:chat/message message]}
               {:type :log
                :data (str "User " uid " said: " text)}]}))

;; Wrap and register
(sente/start-router! 
  (:ch-recv server)
  (fn [event-msg]
    (case (:id event-msg)
      :chat/send (let [{:keys [outputs]} (chat-step-fn nil event-msg)]
                   (doseq [{:keys [type event]} outputs]
                     (case type
                       :broadcast ((:broadcast-fn server) event)
                       :log (println event))))
      nil)))
