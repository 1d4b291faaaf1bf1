(ns sente-lite.server
  "Sente's server, in nbb."
  (:require ["@sente-lite/node" :as lib]
            [sente-lite.peer :as peer]
            [sente-lite.values :as values]))

;; requests

(def ^:private requests (js/WeakMap.))

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
  (or (.get requests request)
      (let [made (make-request request)]
        (.set requests request made)
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

(defn- asked [f convert]
  (fn [request]
    (let [result (f (ring-request request))]
      (if (and (some? result) (fn? (.-then result)))
        (.then result convert)
        (convert result)))))

(defn- box [context]
  (when context #js {:context context}))

(defn- unbox [boxed]
  (some-> boxed .-context))

(def ^:private option-fns
  {:user-id-fn uid->js
   :authorized?-fn box
   :handshake-data-fn values/->js
   :csrf-token-fn identity
   :reject-fn #(some-> % peer/options->js)})

(defn- server-options [{:keys [allowed-origins] :as options}]
  (let [given (peer/options->js
               (reduce (fn [found [k convert]]
                         (if-let [f (k options)] (assoc found k (asked f convert)) (dissoc found k)))
                       (dissoc options :serialization :packer :allowed-origins :port :hostname)
                       option-fns))]
    (when allowed-origins
      (unchecked-set given "allowedOrigins"
                     (if (#{:all "*"} allowed-origins) "*" (into-array (map str allowed-origins)))))
    (when-let [codec (peer/serialization options)]
      (unchecked-set given "serialization" codec))
    given))

;; users

(defn- missing-from [these those]
  (let [left (js/Set. these)]
    (.forEach those (.-delete left) left)
    (js/Array.from left)))

(defn- connected-uids-of [server]
  (let [current (set (js/Array.from (.-any (.get (.-connectedUids server)))))
        uids (atom {:ws current :ajax #{} :any current})]
    (.subscribe (.-connectedUids server)
                (fn [after before]
                  (let [came (missing-from (.-any after) (.-any before))
                        left (missing-from (.-any before) (.-any after))
                        changed #(reduce disj (into % came) left)]
                    (swap! uids #(-> % (update :ws changed) (update :any changed))))))
    uids))

(defn- to->js [to]
  (cond
    (map? to) #js {:uid (uid->js (:uid to)) :clientId (str (:client-id to))}
    (or (set? to) (sequential? to)) (into-array (map uid->js to))
    :else (uid->js to)))

(defn- push-options [options]
  (let [{:keys [flush? push-key except]} (if (map? (first options)) (first options) (apply hash-map options))
        found #js {}]
    (when flush? (unchecked-set found "flush" true))
    (when push-key (unchecked-set found "key" (str push-key)))
    (when (some? except) (unchecked-set found "except" (to->js except)))
    found))

;; messages

(def ^:private own-names {:chsk/uidport-open :chsk/connected, :chsk/uidport-close :chsk/disconnected})
(def ^:private source-ids (into {} (map (fn [[k v]] [v k])) own-names))

(defn- reader [{:keys [send-fn connected-uids]}]
  (fn [received]
    (let [data (values/->clj (.-data received))
          event (peer/event->clj received data)
          id (first event)
          request (ring-request (.-request received))
          reply-fn (.-replyFn received)
          message (cond-> {:id id
                           :event event
                           :?data data
                           :uid (.-uid received)
                           :client-id (.-clientId received)
                           :context (unbox (.-context received))
                           :request request
                           :ring-req request
                           :send-fn send-fn
                           :connected-uids connected-uids
                           :?reply-fn nil}
                    reply-fn (assoc :?reply-fn (fn ([] (reply-fn nil)) ([reply] (reply-fn (values/->js reply))))))]
      (if-let [alias (own-names id)]
        [message (assoc message :id alias :event [alias] :?data nil)]
        [message]))))

;; server

(def ^:private metric-names
  {:connections "connections" :connections-total "connectionsTotal" :messages-received "eventsIn" :errors "errors"
   :frames-in "framesIn" :frames-out "framesOut" :bytes-in "bytesIn" :bytes-out "bytesOut" :bad-events "badEvents"
   :refused-total "refusedTotal" :sessions-away "sessionsAway" :sessions-away-bytes "sessionsAwayBytes"
   :sessions-resumed "sessionsResumed" :sessions-lost "sessionsLost" :pushes-dropped "pushesDropped"})

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
  `:broadcast-fn :disconnect-fn :error-chan :metrics :report-metrics! :close!`."
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
         connected-uids (connected-uids-of server)]
     {:ch-recv (peer/ch-recv (.-chRecv server)
                             {:read (reader {:send-fn send-fn :connected-uids connected-uids})
                              :source-id #(get source-ids % %)})
      :send-fn send-fn
      :broadcast-fn (fn [event & options]
                      (counted (.broadcastFn server (peer/event->js event) (push-options options))))
      :disconnect-fn (fn [to & [options]]
                       {:connections (.-connections (.disconnectFn server (to->js to) (peer/options->js options)))})
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
