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

(defn- hello!
  "What was said in the room, and who is in it: by name, which the ids of members are not."
  [{:keys [request-fn]} {:keys [history state]} room]
  (-> (if (:recovered? @state) (js/Promise.resolve nil) (history {:limit 100}))
      (.then (fn [{:keys [entries]}]
               (.then (request-fn [:chat/hello {:room room}]) (fn [_] (map :?data entries)))))))

(defn- tell-members [tell people before after]
  (doseq [uid (remove before after)] (when-let [person (people uid)] (tell [:here person])))
  (doseq [uid (remove after before)] (tell [:gone uid])))

(defn talk!
  "Is in `room` over a client, from its joining on and again after each lost session. `tell` is called with `[:said message]`,
  `[:joined people]`, `[:here person]`, `[:gone uid]`, `[:back resumed?]`, `[:away]` and `[:refused code]`. Returns a function
  that says something."
  [{:keys [ch-recv send-fn] :as client} room tell]
  (let [known (atom {:set #{} :queue []})
        people (atom {})
        here (atom nil)
        joined ((:room client) (str "chat/" room))
        on (:on ch-recv)
        said (fn [message] (when (newly known message) (tell [:said message])))
        refused (fn [error] (tell [:refused (:code (ex-data error))]))
        members (fn [{:keys [uids]}]
                  ;; Between two sessions nobody is told of them.
                  (when (and @here (= :joined (:status @(:state joined))))
                    (tell-members tell @people @here uids)
                    (reset! here uids)))
        come! (fn [then]
                (-> (hello! client joined room)
                    (.then (fn [messages]
                             (then)
                             (run! said messages)
                             (members @(:members joined))))
                    (.catch refused)))
        first-time (fn []
                     (let [uids (:uids @(:members joined))]
                       (reset! here uids)
                       (tell [:joined (keep @people uids)])))]
    ((:on (:ch-recv joined)) :chat/message (fn [{:keys [?data]}] (said ?data)))
    (on :chat/welcome (fn [{:keys [?data]}] (reset! people (into {} (map (juxt :uid identity)) (:people ?data)))))
    (on :chat/person (fn [{:keys [?data]}] (swap! people assoc (:uid ?data) ?data)))
    (on :chat/there (fn [{:keys [?reply-fn]}] (?reply-fn true)))
    (add-watch (:members joined) ::members (fn [_ _ _ after] (members after)))
    (add-watch (:state joined) ::state
               (fn [_ _ before {:keys [status code]}]
                 (when-not (= status (:status before))
                   (case status
                     :joined (come! (if @here #(tell [:back false]) first-time))
                     :refused (tell [:refused code])
                     nil))))
    (on :chsk/state
        (fn [{[before after] :?data}]
          (cond
            (= (:open? before) (:open? after)) nil
            (not (:open? after)) (tell [:away])
            (:resumed? after) (tell [:back true]))))
    (fn [text]
      ;; The library sends it when there is a connection, once; the reply only tells of a refusal.
      (send-fn [:chat/send {:room room :id (str (random-uuid)) :text text}]
               20000
               (fn [reply] (when-not (sente/cb-success? reply) (tell [:refused reply])))))))
