(ns sente-lite.peer
  "What clients and servers share: options, received messages, the router, errors, step functions."
  (:require [clojure.string :as str]
            [sente-lite.values :as values]
            #?@(:org.babashka/nbb [["@sente-lite/node" :as lib]]
                :scittle [["SenteLite" :as lib]])))

;; options

(defn- camel [k]
  (let [[head & tail] (str/split (str/replace (name k) "?" "") "-")]
    (apply str head (map str/capitalize tail))))

(defn options->js
  "The library's options: `:ping-interval-ms` is its `pingIntervalMs`. A codec has Sente's name for it, `:packer`, too."
  [options]
  (let [found #js {}]
    (doseq [[k v] options]
      (unchecked-set found (camel k) (clj->js v)))
    found))

(defn serialization
  "The name of the codec that was asked for, nil where none was."
  [{:keys [serialization packer]}]
  (some-> (or serialization packer) name))

(defn find-codec
  "Finds a codec by name among those that are known; throws where there is none."
  [asked known]
  (or (known asked)
      (throw (ex-info (str "no such serialization: " asked ", there are " (str/join ", " (sort (keys known))))
                      {:code :bad-option :serialization asked}))))

;; errors

(defn cause
  "What was thrown: the interpreter wraps it to say where in the source that was."
  [error]
  (if (and (= :sci/error (:type (ex-data error))) (ex-cause error))
    (cause (ex-cause error))
    error))

(def ^:private max-kept 100)
(def ^:private max-logged 100)
(def ^:private log-window-ms 60000)

(defrecord ErrorChannel [report! listen! errors]
  IDeref
  (-deref [_] @errors))

(defn make-error-channel
  "Where errors go that no caller can be told of: `:report!` takes an error and its context, `:listen!` a function of
  `{:error :context :timestamp}` and returns the one that ends it, `:errors` is an atom of the last 100. Errors that
  nobody listens to are logged, 100 of them in a minute."
  []
  (let [errors (atom [])
        listeners (atom {})
        logged (atom {:from 0 :lines 0})
        log! (fn [{:keys [error context timestamp]}]
               (when (<= log-window-ms (abs (- timestamp (:from @logged))))
                 (reset! logged {:from timestamp :lines 0}))
               (when (<= (:lines (swap! logged update :lines inc)) max-logged)
                 (js/console.error (str "sente-lite: " (.-message error)) (pr-str (dissoc context :event :events)))))]
    (->ErrorChannel
     (fn [error context]
       (let [report {:error error :context context :timestamp (js/Date.now)}]
         (swap! errors #(conj (if (< (count %) max-kept) % (subvec % 1)) report))
         (when (empty? @listeners) (log! report))
         (doseq [[_ listener] @listeners]
           (try
             (listener report)
             (catch :default e (js/console.error "sente-lite: a listener of the error channel threw" e))))))
     (fn [listener]
       (let [k (js/Symbol)]
         (swap! listeners assoc k listener)
         (fn [] (swap! listeners dissoc k) nil)))
     errors)))

(defn- context->clj [context]
  (into {}
        (map (fn [entry]
               (let [k (aget entry 0)
                     v (aget entry 1)]
                 [(keyword (str/lower-case (str/replace k #"[A-Z]" "-$&")))
                  (cond
                    (#{"event" "events"} k) (values/->clj v)
                    (and (= "id" k) (string? v)) (values/event-id->clj v)
                    :else v)])))
        (js/Object.entries context)))

(defn error-channel-of
  "The error channel of a client or server of the library."
  [peer]
  (let [channel (make-error-channel)]
    (.on (.-errorChan peer)
         (fn [report] ((:report! channel) (cause (.-error report)) (context->clj (.-context report)))))
    channel))

(defn reply-error
  "A refusal with a code and data, for `?reply-fn`, or to be thrown in a handler, which the error channel is told of as well.
  Any other throw reaches the caller as `:chsk/error` alone."
  ([code] (reply-error code nil))
  ([code data] (lib/ReplyError. (name code) #js {:data (values/->js data)})))

;; received messages

(defn event->clj
  "The event of a message of the library's, with its data already read."
  [message data]
  (let [id (values/event-id->clj (.-id message))]
    (if (undefined? (.-data message)) [id] [id data])))

(defn event->js [event]
  (if (vector? event)
    (let [sent #js [(values/event-id->js (first event))]]
      (when (< 1 (count event)) (.push sent (values/->js (second event))))
      sent)
    event))

(defn reject
  "A rejected promise, for a request that failed: its error has the code."
  [error]
  (js/Promise.reject
   (ex-info (.-message error) {:code (keyword (.-code error)) :data (values/->clj (.-data error))} error)))

(defn send-options [{:keys [volatile?]}]
  (if volatile? #js {:volatile true} #js {}))

;; rooms

(defn position->clj [position]
  (when position {:epoch (.-epoch position) :offset (.-offset position)}))

(defn position->js [{:keys [epoch offset]}]
  #js {:epoch epoch :offset offset})

(defn room-message
  "An event of a room, live or of its history."
  [received]
  (let [data (values/->clj (.-data received))
        event (event->clj received data)]
    {:id (first event)
     :event event
     :?data data
     :uid (when-some [uid (.-uid received)] uid)
     :position (position->clj (.-position received))}))

(defn history-fn
  "`:history` of a room: promises `{:entries :position :complete?}`, of the last `:limit` or those before `:before`."
  [room]
  (fn history
    ([] (history nil))
    ([{:keys [limit before]}]
     (let [options #js {}]
       (when limit (unchecked-set options "limit" limit))
       (when before (unchecked-set options "before" (position->js before)))
       (.then (.history room options)
              (fn [part]
                {:entries (mapv room-message (.-entries part))
                 :position (position->clj (.-position part))
                 :complete? (.-isComplete part)})
              reject)))))

(defn reply-fn-of
  "What answers a message, nil where no answer is wanted."
  [received]
  (when-some [reply-fn (.-replyFn received)]
    (fn ([] (reply-fn nil)) ([reply] (reply-fn (values/->js reply))))))

(defn channel
  "What stands for a core.async channel: `:take!` promises the next message, nil after the last. Messages wait here from
  the first take on; a peer is read no further while too many do. `sente-lite.async` has `<!` and `go-loop` for it."
  [receiver read]
  (let [pending (atom [])
        messages (delay (let [iterate (unchecked-get receiver js/Symbol.asyncIterator)] (.call iterate receiver)))]
    {:take! (fn []
              (if-let [message (first @pending)]
                (do (swap! pending subvec 1) (js/Promise.resolve message))
                (.then (.next @messages)
                       (fn [result]
                         (when-not (.-done result)
                           (let [[message & others] (read (.-value result))]
                             (swap! pending into others)
                             message))))))}))

(defn ch-recv
  "`read` makes the event messages of one message of the library. `source-id` gives the id that the library has for an id
  here. `own-events` listens to events that the library has no message for: one of `own-ids`, or with `*` all of them."
  [receiver {:keys [read source-id own-ids own-events] :or {own-ids #{} own-events (fn [_ _] (fn []))}}]
  {:on (fn [id f]
         (let [every? (#{:* "*"} id)
               stop (if (own-ids id)
                      (fn [])
                      (.on receiver
                           (if every? "*" (values/event-id->js (source-id id)))
                           (fn [message]
                             (doseq [event-msg (read message)
                                     :when (or every? (= id (:id event-msg)))]
                               (f event-msg)))))
               stop-own (own-events id f)]
           (fn [] (stop) (stop-own) nil)))
   :ch (channel receiver read)
   ::receiver receiver
   ::read read
   ::own-events own-events})

(defn- await-result
  "Waits for what a handler returns, where it is a promise, before the next message comes. It is never the reply."
  [result]
  (if (and (some? result) (fn? (.-then result)))
    (.then result
           (fn [_] js/undefined)
           (fn [error] (js/Promise.reject (cause error))))
    js/undefined))

(defn start-router!
  "Calls `f` with each message: those of one connection in order, one at a time. An error that it throws goes to the error
  channel, and is the answer to a request. Returns the function that stops it."
  ([ch-recv f] (start-router! ch-recv f nil))
  ([{::keys [receiver read own-events]} f options]
   (let [stop (lib/startRouter
               receiver
               (fn [message]
                 (try
                   (await-result (reduce (fn [before event-msg]
                                           (if (and (some? before) (fn? (.-then before)))
                                             (.then before (fn [_] (f event-msg)))
                                             (f event-msg)))
                                         nil
                                         (read message)))
                   ;; Not thrown again, which would wrap it again, and hide a reply-error.
                   (catch :default e (js/Promise.reject (cause e)))))
               (options->js options))
         stop-own (own-events :* f)]
     (fn [] (stop) (stop-own) nil))))

;; step functions

(defn wrap-step-fn
  "The handler of a pure function from a state and a message to `{:state :outputs}`: keeps the state in the atom and calls
  `dispatch-output!` with each output. The message is the event's data; its metadata are the whole event message."
  ([step-fn state-atom] (wrap-step-fn step-fn state-atom (fn [_])))
  ([step-fn state-atom dispatch-output!]
   (fn [{:keys [?data] :as event-msg}]
     (let [message (if (coll? ?data) (with-meta ?data event-msg) ?data)
           {:keys [state outputs]} (step-fn @state-atom message)]
       (reset! state-atom state)
       (run! dispatch-output! outputs)))))
