(ns my-app.errors
  (:require [sente-lite.client :refer [make-error-channel]]))

;; Of the test: what the snippet leaves to its reader, and ClojureScript's catch.
(def logged (atom []))
(defn log-error [& said] (swap! logged conj said))
(defn send-message! [_ _] (throw (ex-info "cannot send" {})))

;; Use in system
(def error-chan (make-error-channel))

((:listen! error-chan) 
  (fn [err] 
    (log-error "System error:" (ex-message (:error err)) "in" (:context err))))

;; Report errors from anywhere
(let [conn nil msg [:chat/message "hi"]]
  (try
    (send-message! conn msg)
    (catch :default e
      ((:report! error-chan) e {:operation :send :msg msg}))))
