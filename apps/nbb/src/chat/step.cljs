(ns chat.step
  "The chat, smaller than apps/chat: pure functions from a state and an event to the next state and what is to be done.
  Its events are those of apps/chat/src/domain/events.ts; who is in a room, and what was said there, the library keeps."
  (:require [clojure.string :as str]))

(def ^:private limits {:name 32 :text 2000 :room 32 :id 64 :rooms 50 :people 1000})

(def initial {:people {} :rooms {"lobby" {:people 0 :said 0 :last-at 0}}})

(defn- text-of [text most]
  (when (and (string? text) (<= 1 (count (str/trim text))) (<= (count text) most))
    text))

(defn room-of [text]
  (some->> (text-of text (:room limits)) str/lower-case (re-matches #"(?u)[\p{L}\p{N}][\p{L}\p{M}\p{N}-]*")))

(defn- person [[uid {:keys [name clients]}]]
  {:uid uid :name name :runtimes (vec (sort (distinct (vals clients))))})

(defn- summaries [{:keys [rooms]}]
  (mapv (fn [[room {:keys [people said]}]] {:name room :people people :said said}) rooms))

(defn- refused [state code] {:state state :outputs [{:type :refuse :code code}]})

(defn- done [state reply & outputs]
  {:state state :outputs (concat outputs [{:type :reply :value reply}])})

(defn- counted [state] {:type :broadcast :event [:chat/rooms {:rooms (summaries state)}]})

(defn- with-room [{:keys [rooms] :as state} room]
  (cond
    (rooms room) state
    (< (count rooms) (:rooms limits)) (assoc-in state [:rooms room] {:people 0 :said 0 :last-at 0})))

(defn- told
  "Everybody is told what they see otherwise of somebody now."
  [before after uid]
  (let [is (person [uid (get-in after [:people uid])])]
    (when-not (= is (person [uid (get-in before [:people uid])]))
      [{:type :broadcast :event [:chat/person is]}])))

(defn- arrived [state {:keys [uid client-id name runtime]}]
  (let [next-state (-> state
                       (update-in [:people uid :name] #(or % name (str "guest-" (subs uid 0 4))))
                       (assoc-in [:people uid :clients client-id] runtime))]
    (if (or (get-in state [:people uid]) (< (count (:people state)) (:people limits)))
      {:state next-state :outputs (told state next-state uid)}
      {:state state :outputs []})))

(defn- left [state {:keys [uid client-id]}]
  (let [next-state (update-in state [:people uid :clients] dissoc client-id)]
    (if (empty? (get-in next-state [:people uid :clients]))
      {:state (update state :people dissoc uid) :outputs []}
      {:state next-state :outputs (told state next-state uid)})))

(defn- hello [state {:keys [uid client-id]} data]
  (let [room (room-of (:room data))
        next-state (if room (with-room state room) state)]
    (cond
      (nil? room) (refused state :bad-room)
      (nil? next-state) (refused state :too-many-rooms)
      :else (done next-state true
                  {:type :watch :room room}
                  {:type :push
                   :to {:uid uid :client-id client-id}
                   :event [:chat/welcome {:people (mapv person (:people next-state)) :rooms (summaries next-state)}]}))))

(defn- send [state {:keys [uid runtime]} data at]
  (let [room (room-of (:room data))
        text (text-of (:text data) (:text limits))
        id (text-of (:id data) (:id limits))
        known (if room (with-room state room) state)]
    (cond
      (nil? room) (refused state :bad-room)
      (nil? text) (refused state :bad-text)
      (nil? id) (refused state :bad-message-id)
      (nil? (get-in state [:people uid])) (refused state :not-here)
      (nil? known) (refused state :too-many-rooms)
      :else
      (let [message {:id id :uid uid :name (get-in known [:people uid :name]) :runtime runtime :text text
                     :at (max at (inc (get-in known [:rooms room :last-at])))}
            next-state (update-in known [:rooms room] #(-> % (update :said inc) (assoc :last-at (:at message))))]
        (done next-state message
              {:type :push :to {:room (str "chat/" room)} :event [:chat/message message]}
              {:type :broadcast :event [:chat/said {:room room :said (get-in next-state [:rooms room :said])}]})))))

(defn- rename [state {:keys [uid]} data]
  (let [name (text-of (:name data) (:name limits))
        next-state (assoc-in state [:people uid :name] name)]
    (cond
      (nil? name) (refused state :bad-name)
      (nil? (get-in state [:people uid])) (refused state :not-here)
      :else (apply done next-state {:name name} (told state next-state uid)))))

(defn- members [state {:keys [room people]}]
  (let [next-state (assoc-in state [:rooms room :people] people)]
    {:state next-state :outputs [(counted next-state)]}))

(defn step
  "`from` is who sent the event, `data` what came with it, not yet read, `at` milliseconds since 1970. `:members` says how many
  people are in a room."
  [state id from data at]
  (let [data (if (map? data) data {})]
    (case id
      :chsk/client-open (arrived state from)
      :chsk/client-close (left state from)
      :chat/hello (hello state from data)
      :chat/send (send state from data at)
      :chat/rename (rename state from data)
      :members (members state data)
      {:state state :outputs []})))
