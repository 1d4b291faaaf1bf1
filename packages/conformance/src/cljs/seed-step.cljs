(ns my-app.steps
  (:require [sente-lite.client :as sente :refer [wrap-step-fn]]))

;; Of the test: an atom of Clojure's, where the snippets have Reagent's, and the clock of ClojureScript.
(def seen (atom []))
(defn dispatch-output! [output] (swap! seen conj output))

(defn chat-step-fn
  "Pure step function for chat - no WebSocket knowledge"
  [state message]
  (let [enriched (assoc message 
                   :timestamp (js/Date.now)
                   :local-id (random-uuid))
        new-state (update state :messages conj enriched)]
    {:state new-state
     :outputs [{:type :ui-update
                :messages (:messages new-state)}]}))

(defn process-chat-message
  "Takes state and incoming message, returns new state and outputs"
  [state {:keys [user text] :as message}]
  (let [enriched-msg (assoc message
                       :timestamp (js/Date.now)
                       :id (random-uuid))
        new-state (update state :message-count inc)]
    
    {:state new-state
     :outputs [{:type :broadcast
                :event [:chat/message enriched-msg]}
               {:type :metrics
                :data {:messages-processed (:message-count new-state)}}]}))

(defn start! [ch-recv]
  ;; Wire it up
  (let [chat-state (atom {:messages []})
        wrapped (wrap-step-fn chat-step-fn chat-state)]
    ((:on ch-recv) :chat/message wrapped)
    ;; Of the test.
    (def chat-state chat-state))
  (let [count-state (atom {:message-count 0})]
    ((:on ch-recv) :chat/message (wrap-step-fn process-chat-message count-state dispatch-output!))))
