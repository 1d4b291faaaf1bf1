(ns chat.step
  "The chat, smaller than apps/chat: pure functions from a state and an event to the next state and what is to be done.
  Its events are those of apps/chat/src/domain/events.ts."
  (:require [clojure.string :as str]))

(def ^:private limits {:name 32 :text 2000 :room 32 :id 64 :history 100 :rooms 50 :people 1000})

(def initial {:people {} :rooms {"lobby" {:history [] :said 0}}})

(defn- text-of [text most]
  (when (and (string? text) (<= 1 (count (str/trim text))) (<= (count text) most))
    text))

(defn- room-of [text]
  (some->> (text-of text (:room limits)) str/lower-case (re-matches #"(?u)[\p{L}\p{N}][\p{L}\p{M}\p{N}-]*")))

(defn- here [{:keys [people]} room]
  (filterv (fn [[_ {:keys [seats]}]] (some #(= room (:room %)) (vals seats))) people))

(defn- person [[uid {:keys [name seats]}]]
  {:uid uid :name name :runtimes (vec (sort (distinct (map :runtime (vals seats)))))})

(defn- summaries [{:keys [rooms] :as state}]
  (mapv (fn [[room {:keys [said]}]] {:name room :people (count (here state room)) :said said}) rooms))

(defn- push [state room event]
  {:type :push :to (mapv first (here state room)) :event event})

(defn- refused [state code] {:state state :outputs [{:type :refuse :code code}]})

(defn- done [state reply & outputs]
  {:state state :outputs (concat outputs [{:type :reply :value reply}])})

(defn- seated [{:keys [rooms people] :as state} {:keys [uid client-id name runtime]} room]
  (cond
    (and (nil? (rooms room)) (<= (:rooms limits) (count rooms))) :too-many-rooms
    (and (nil? (people uid)) (<= (:people limits) (count people))) :too-many-people
    :else (-> state
              (update-in [:rooms room] #(or % {:history [] :said 0}))
              (update-in [:people uid :name] #(or % name (str "guest-" (subs uid 0 4))))
              (assoc-in [:people uid :seats client-id] {:room room :runtime runtime}))))

(defn- rooms-of [state uid]
  (set (map :room (vals (get-in state [:people uid :seats])))))

(defn- gone [before after uid]
  (for [room (remove (rooms-of after uid) (rooms-of before uid))]
    (push after room [:chat/gone {:room room :uid uid}])))

(defn- counted [state] {:type :broadcast :event [:chat/rooms {:rooms (summaries state)}]})

(defn- join [state {:keys [uid] :as from} data]
  (let [room (room-of (:room data))
        next-state (if room (seated state from room) :bad-room)]
    (if (keyword? next-state)
      (refused state next-state)
      (let [joined {:room room
                    :people (mapv person (here next-state room))
                    :history (get-in next-state [:rooms room :history])
                    :rooms (summaries next-state)}
            arrived [:chat/here {:room room :person (person [uid (get-in next-state [:people uid])])}]]
        {:state next-state
         :outputs (concat [{:type :reply :value joined}]
                          (gone state next-state uid)
                          [(push next-state room arrived) (counted next-state)])}))))

(defn- send [state {:keys [uid runtime] :as from} data at]
  (let [room (room-of (:room data))
        text (text-of (:text data) (:text limits))
        id (text-of (:id data) (:id limits))
        known (some #(when (and (= id (:id %)) (= uid (:uid %))) %) (get-in state [:rooms room :history]))
        seat (if room (seated state from room) :bad-room)]
    (cond
      (keyword? seat) (refused state seat)
      (nil? text) (refused state :bad-text)
      (nil? id) (refused state :bad-message-id)
      known (done state known)
      :else
      (let [last-at (:at (peek (get-in seat [:rooms room :history])) 0)
            message {:id id :uid uid :name (get-in seat [:people uid :name]) :runtime runtime :text text
                     :at (max at (inc last-at))}
            next-state (update-in seat [:rooms room]
                                  (fn [{:keys [history said]}]
                                    {:history (vec (take-last (:history limits) (conj history message)))
                                     :said (inc said)}))]
        (done next-state message
              (push next-state room [:chat/message {:room room :message message}])
              {:type :broadcast :event [:chat/said {:room room :said (get-in next-state [:rooms room :said])}]})))))

(defn- leave [state {:keys [uid client-id]}]
  (let [without (update-in state [:people uid :seats] dissoc client-id)
        next-state (if (empty? (get-in without [:people uid :seats])) (update without :people dissoc uid) without)]
    (apply done next-state true (concat (gone state next-state uid) [(counted next-state)]))))

(defn- rename [state {:keys [uid]} data]
  (let [name (text-of (:name data) (:name limits))]
    (cond
      (nil? name) (refused state :bad-name)
      (nil? (get-in state [:people uid])) (refused state :not-here)
      :else (let [next-state (assoc-in state [:people uid :name] name)
                  who (person [uid (get-in next-state [:people uid])])]
              (apply done next-state {:name name}
                     (for [room (rooms-of next-state uid)] (push next-state room [:chat/here {:room room :person who}])))))))

(defn- typing [state {:keys [uid]} data]
  (let [room (room-of (:room data))
        name (get-in state [:people uid :name])]
    (if (contains? (rooms-of state uid) room)
      (done state true (update (push state room [:chat/typing {:room room :uid uid :name name}]) :to #(filterv (complement #{uid}) %)))
      (refused state :not-here))))

(defn step
  "`from` is who sent the event, `data` what came with it, not yet read, `at` milliseconds since 1970."
  [state id from data at]
  (let [data (if (map? data) data {})]
    (case id
      :chat/join (join state from data)
      :chat/send (send state from data at)
      :chat/leave (leave state from)
      :chat/rename (rename state from data)
      :chat/typing (typing state from data)
      :chsk/uidport-close (let [next-state (update state :people dissoc (:uid from))]
                            {:state next-state
                             :outputs (concat (gone state next-state (:uid from)) [(counted next-state)])})
      {:state state :outputs []})))
