(ns chat.talk
  "The chat's side of a client, in nbb and in Scittle: joins a room, again after a session was lost, and tells what happens."
  (:require [clojure.string :as str]
            [sente-lite.client :as sente]))

(def ^:private most-known 1000)

(defn readable
  "What may be shown of a text that came from elsewhere: a line without control characters."
  [text]
  (-> (str text)
      (subs 0 (min 2000 (count (str text))))
      (str/replace #"\s+" " ")
      (str/replace #"[\u0000-\u001f\u007f-\u009f\u2028-\u202e\u2066-\u2069]" "")))

(defn- newly
  "Puts a message among those known; nil where it was there."
  [known {:keys [id uid]}]
  (let [k [uid id]]
    (when-not (contains? (:set @known) k)
      (swap! known (fn [{:keys [queue] :as was}]
                     (let [oldest (when (<= most-known (count queue)) (first queue))]
                       (cond-> (-> was (update :set conj k) (update :queue conj k))
                         oldest (-> (update :set disj oldest) (update :queue subvec 1))))))
      true)))

(defn talk!
  "Joins `room` over a client. `tell` is called with `[:said message]`, `[:joined people]`, `[:here person]`, `[:gone uid]`,
  `[:back resumed?]`, `[:away]` and `[:refused code]`. Returns a function that says something."
  [{:keys [ch-recv send-fn request-fn]} room tell]
  (let [known (atom {:set #{} :queue []})
        on (:on ch-recv)
        said (fn [message] (when (newly known message) (tell [:said message])))
        refused (fn [error] (tell [:refused (:code (ex-data error))]))
        join! (fn [then]
                (-> (request-fn [:chat/join {:room room}])
                    (.then (fn [{:keys [people history]}]
                             (tell [:joined people])
                             (run! said history)
                             (then)))
                    (.catch refused)))]
    (on :chat/message (fn [{{:keys [room message]} :?data}] (said message)))
    (on :chat/here (fn [{{:keys [person]} :?data}] (tell [:here person])))
    (on :chat/gone (fn [{{:keys [uid]} :?data}] (tell [:gone uid])))
    (on :chsk/state
        (fn [{[before after] :?data}]
          (cond
            (= (:open? before) (:open? after)) nil
            (not (:open? after)) (tell [:away])
            (:resumed? after) (tell [:back true])
            (:first-open? after) (join! (fn []))
            :else (join! #(tell [:back false])))))
    (fn [text]
      ;; The library sends it when there is a connection, once; the reply only tells of a refusal.
      (send-fn [:chat/send {:room room :id (str (random-uuid)) :text text}]
               20000
               (fn [reply] (when-not (sente/cb-success? reply) (tell [:refused reply])))))))
