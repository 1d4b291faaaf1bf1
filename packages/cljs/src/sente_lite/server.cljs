(ns sente-lite.server
  "Sente's server, in nbb."
  (:require ["@sente-lite/node" :as lib]
            [sente-lite.codecs :as codecs]
            [sente-lite.peer :as peer]
            [sente-lite.values :as values]))

;; requests

(def ^:private made-requests (js/WeakMap.))

(defn- entries->map [entries k->clj]
  (into {} (map (fn [entry] [(k->clj (aget entry 0)) (aget entry 1)])) (js/Array.from entries)))

(defn- make-request [request]
  (let [url (.-url request)
        query (entries->map (.-searchParams url) identity)]
    {:request-method :get
     :uri (.-pathname url)
     :query-string (not-empty (subs (.-search url) (min 1 (count (.-search url)))))
     :query-params query
     :params (update-keys query keyword)
     :headers (entries->map (js/Object.entries (.. request -raw -headers)) identity)
     :remote-addr (.-remoteAddress request)
     :client-id (.-clientId request)
     :url {"href" (.-href url) "host" (.-host url) "pathname" (.-pathname url) "searchParams" query}
     :raw (.-raw request)}))

(defn- ring-request
  "A map like Ring's of the request that opened a connection; made once for each."
  [request]
  (or (.get made-requests request)
      (let [made (make-request request)]
        (.set made-requests request made)
        made)))

;; options

(defn- uid->js
  "A user id is a string to the library; others have the text that Clojure prints."
  [uid]
  (cond
    (or (nil? uid) (string? uid)) uid
    (= :sente/all-users-without-uid uid) nil
    (uuid? uid) (str uid)
    :else (pr-str uid)))

(defn- wrap-fn [f convert]
  (fn [request]
    (let [result (f (ring-request request))]
      (if (and (some? result) (fn? (.-then result)))
        (.then result convert)
        (convert result)))))

(defn- box [context]
  (when context
    (let [boxed #js {:context context}
          ends (when (map? context) (:expires-at context))]
      (when (some? ends) (unchecked-set boxed "expiresAt" (if (inst? ends) (inst-ms ends) ends)))
      boxed)))

(defn- unbox [boxed]
  (some-> boxed .-context))

(def ^:private option-fns
  {:user-id-fn uid->js
   :authorized?-fn box
   :handshake-data-fn values/->js
   :csrf-token-fn identity
   :reject-fn #(some-> % peer/options->js)})

(defn- read-event [event]
  (let [data (values/->clj (aget event 1))]
    (peer/event->clj #js {:id (aget event 0) :data (aget event 1)} data)))

(defn- decision
  "What a function of a room's rules decides: true, a reply-error, or anything else that refuses."
  [f]
  (fn [asked]
    (f (cond-> {:room (.-room asked)
                :uid (.-uid asked)
                :client-id (.-clientId asked)
                :context (unbox (.-context asked))
                :request (ring-request (.-request asked))}
         (.-event asked) (assoc :event (read-event (.-event asked)))))))

(defn- room-options [{:keys [join-fn send-fn history] :as options}]
  (let [given (peer/options->js (dissoc options :join-fn :send-fn :history))]
    (when join-fn (unchecked-set given "joinFn" (decision join-fn)))
    (when send-fn (unchecked-set given "sendFn" (decision send-fn)))
    (when history (unchecked-set given "history" (peer/options->js history)))
    given))

(defn- rooms-option [rooms]
  (let [found #js {}]
    (doseq [[pattern options] rooms] (unchecked-set found pattern (room-options options)))
    found))

(defn- server-options [{:keys [allowed-origins rooms] :as options}]
  (let [given (peer/options->js
               (reduce (fn [found [k convert]]
                         (if-let [f (k options)] (assoc found k (wrap-fn f convert)) (dissoc found k)))
                       (dissoc options :serialization :packer :allowed-origins :rooms :port :hostname)
                       option-fns))]
    (when allowed-origins
      (unchecked-set given "allowedOrigins"
                     (if (#{:all "*"} allowed-origins) "*" (into-array (map str allowed-origins)))))
    (when rooms (unchecked-set given "rooms" (rooms-option rooms)))
    ;; All codecs, so that clients may name any of them; the one that the option names comes first.
    (let [codec (peer/find-codec (or (peer/serialization options) "transit-json") codecs/known)]
      (unchecked-set given "codecs" (into-array (cons codec (remove #(identical? codec %) (vals codecs/known))))))
    given))

;; users

(defn- find-missing [these those]
  (let [left (js/Set. these)]
    (.forEach those (.-delete left) left)
    (js/Array.from left)))

(defn- connected-uids-of [server]
  (let [current (set (js/Array.from (.-any (.get (.-connectedUids server)))))
        uids (atom {:ws current :ajax #{} :any current})]
    (.subscribe (.-connectedUids server)
                (fn [after before]
                  (let [came (find-missing (.-any after) (.-any before))
                        left (find-missing (.-any before) (.-any after))
                        changed #(reduce disj (into % came) left)]
                    (swap! uids #(-> % (update :ws changed) (update :any changed))))))
    uids))

(defn- to->js [to]
  (cond
    (and (map? to) (:room to)) #js {:room (:room to)}
    (map? to) #js {:uid (uid->js (:uid to)) :clientId (str (:client-id to))}
    (or (set? to) (sequential? to)) (into-array (map uid->js to))
    :else (uid->js to)))

(defn- push-options [options]
  (let [{:keys [flush? push-key volatile? except]} (if (map? (first options)) (first options) (apply hash-map options))
        found #js {}]
    (when flush? (unchecked-set found "flush" true))
    (when push-key (unchecked-set found "key" (str push-key)))
    (when volatile? (unchecked-set found "volatile" true))
    (when (some? except) (unchecked-set found "except" (to->js except)))
    found))

;; requests to clients

(defn- request-options [{:keys [timeout-ms]}]
  (if timeout-ms #js {:timeoutMs timeout-ms} #js {}))

(defn- answer->clj [answer]
  (let [{:keys [status] :as found}
        {:uid (.-uid answer) :client-id (.-clientId answer) :status (keyword (.-status answer))}]
    (if (= :fulfilled status)
      (assoc found :value (values/->clj (.-value answer)))
      (assoc found :code (keyword (.-code (.-reason answer)))))))

(defn- request-fns [server]
  {:request-fn (fn [to event & [options]]
                 (.then (.requestFn server (to->js to) (peer/event->js event) (request-options options))
                        values/->clj
                        peer/reject))
   :request-all-fn (fn [to event & [options]]
                     (.then (.requestAllFn server (to->js to) (peer/event->js event) (request-options options))
                            (fn [answers] (mapv answer->clj answers))))})

;; rooms

(defn- room-of [server room-name]
  (let [room (.room server room-name)
        members (.-members room)]
    {:name room-name
     :members (fn [] (set (js/Array.from (.get members))))
     :on-members (fn [f] (.subscribe members (fn [after] (f (set (js/Array.from after))))))
     :history (peer/history-fn room)}))

;; messages

(def ^:private own-names {:chsk/uidport-open :chsk/connected, :chsk/uidport-close :chsk/disconnected})
(def ^:private source-ids (into {} (map (fn [[k v]] [v k])) own-names))

(defn- reader [{:keys [send-fn connected-uids]}]
  (fn [received]
    (let [data (values/->clj (.-data received))
          event (peer/event->clj received data)
          id (first event)
          request (ring-request (.-request received))
          message {:id id
                   :event event
                   :?data data
                   :uid (.-uid received)
                   :client-id (.-clientId received)
                   :context (unbox (.-context received))
                   :request request
                   :ring-req request
                   :send-fn send-fn
                   :connected-uids connected-uids
                   :?reply-fn (peer/reply-fn-of received)}]
      (if-let [alias (own-names id)]
        [message (assoc message :id alias :event [alias] :?data nil)]
        [message]))))

;; server

(def ^:private metric-names
  {:connections "connections" :connections-total "connectionsTotal" :messages-received "eventsIn" :errors "errors"
   :frames-in "framesIn" :frames-out "framesOut" :bytes-in "bytesIn" :bytes-out "bytesOut" :bad-events "badEvents"
   :refused-total "refusedTotal" :sessions-away "sessionsAway" :sessions-away-bytes "sessionsAwayBytes"
   :sessions-resumed "sessionsResumed" :sessions-lost "sessionsLost" :pushes-dropped "pushesDropped"
   :volatile-dropped "volatileDropped" :over-rate-total "overRateTotal"
   :sockets-lingering "socketsLingering"})

(defn- metrics-of [server sent]
  (let [counted (.metrics server)]
    (into {:messages-sent @sent} (map (fn [[k named]] [k (unchecked-get counted named)])) metric-names)))

(defn- no-ajax
  ([_] {:status 501 :body "there is no Ajax fallback"})
  ([request response] (.writeHead response 501) (.end response "there is no Ajax fallback")))

(defn make-channel-socket-server!
  "Makes a server: mount it by `:listen!` (a port of its own), `:attach!` (a node:http server) or
  `:ajax-get-or-ws-handshake-fn` (one upgrade: request, socket, head). Returns Sente's
  `:ch-recv :send-fn :connected-uids :ajax-post-fn :ajax-get-or-ws-handshake-fn`, and
  `:broadcast-fn :request-fn :request-all-fn :disconnect-fn :join-fn :leave-fn :room :error-chan :metrics :report-metrics!
  :close!`. `:rooms` are rules by pattern: `{\"chat/*\" {:join-fn f :send-fn f :history {:size 100} :members true}}`; `{:room name}` is somewhere to
  send to, and `((:room server) name)` returns `:name :members :on-members :history`."
  ([] (make-channel-socket-server! {}))
  ([options]
   (let [server (lib/makeChannelSocketServer (server-options options))
         sent (atom 0)
         began (js/Date.now)
         counted (fn [pushed]
                   (swap! sent + (.-connections pushed))
                   {:connections (.-connections pushed)})
         send-fn (fn [to event & options]
                   (counted (.sendFn server (to->js to) (peer/event->js event) (push-options options))))
         requests (request-fns server)
         connected-uids (connected-uids-of server)]
     {:ch-recv (peer/ch-recv (.-chRecv server)
                             {:read (reader {:send-fn send-fn :connected-uids connected-uids})
                              :source-id #(get source-ids % %)})
      :send-fn send-fn
      :broadcast-fn (fn [event & options]
                      (counted (.broadcastFn server (peer/event->js event) (push-options options))))
      :disconnect-fn (fn [to & [options]]
                       {:connections (.-connections (.disconnectFn server (to->js to) (peer/options->js options)))})
      :join-fn (fn [to room & [options]]
                 {:connections (.-connections (.joinFn server (to->js to) room (peer/options->js options)))})
      :leave-fn (fn [to room] {:connections (.-connections (.leaveFn server (to->js to) room))})
      :room (fn [room-name] (room-of server room-name))
      :request-fn (:request-fn requests)
      :request-all-fn (:request-all-fn requests)
      :connected-uids connected-uids
      :ajax-post-fn no-ajax
      :ajax-get-or-ws-handshake-fn (fn [request socket head] (.handleUpgrade server request socket head))
      :listen! (fn ([] (.then (.listen server) #(js->clj % :keywordize-keys true)))
                 ([options] (.then (.listen server (peer/options->js options)) #(js->clj % :keywordize-keys true))))
      :attach! (fn [http & [options]] (.attach server http (peer/options->js options)))
      :error-chan (peer/error-channel-of server)
      :metrics (reify IDeref (-deref [_] (metrics-of server sent)))
      :report-metrics! (fn [] (assoc (metrics-of server sent) :uptime-ms (- (js/Date.now) began)))
      :close! (fn ([] (.close server)) ([options] (.close server (peer/options->js options))))})))

(def start-router! peer/start-router!)
(def start-server-chsk-router! peer/start-router!)
(def wrap-step-fn peer/wrap-step-fn)
(def make-error-channel peer/make-error-channel)
(def reply-error peer/reply-error)
