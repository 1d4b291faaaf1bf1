(ns my-app.client
  (:require [sente-lite.client :as sente]
            ;; Of the test: where there is no core.async.
            [sente-lite.async :refer [go-loop <!]]))

;; Of the test: what the snippet leaves to its reader.
(def seen (atom {:states [] :chat [] :messages []}))
(defn handle-state-change [{:keys [?data]}] (swap! seen update :states conj (:open? (second ?data))))
(defn handle-chat-message [{:keys [event]}] (swap! seen update :chat conj event))
(defn handle-message [{:keys [event]}] (swap! seen update :messages conj (first event)))

;; Matches Sente's make-channel-socket-client!
(let [{:keys [chsk ch-recv send-fn state]} 
      (sente/make-channel-socket-client! 
        "/chsk"  ; endpoint
        {:type :auto ; for compatibility (always WebSocket)
         :client-id (random-uuid)})]
  
  ;; Use callback-based event handling
  (sente/start-router! 
    ch-recv 
    (fn [event-msg]
      (case (:id event-msg)
        :chsk/state (handle-state-change event-msg)
        :chat/message (handle-chat-message event-msg)
        nil)))
  
  ;; Or use channel-like wrapper for compatibility
  (go-loop []
    (when-let [msg (<! (:ch ch-recv))]
      (handle-message msg)
      (recur))))
