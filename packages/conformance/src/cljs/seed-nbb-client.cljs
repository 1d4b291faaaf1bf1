;; Client (nbb)
(ns my-app.nbb-client
  (:require [sente-lite.nbb :as sente]
            [promesa.core :as p]))

(p/let [client (sente/make-nbb-client! 
                 "ws://localhost:3000" 
                 {:client-id "client-123"})]
  ((:on (:ch-recv client)) :chat/message
    (fn [{:keys [event]}]
      (println "Got message:" event)))
  
  ((:send-fn client) [:chat/message {:text "Hello from nbb!"}]))
