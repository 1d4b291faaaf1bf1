(ns sente-lite.client
  "Sente's client in Scittle and nbb."
  (:require [clojure.string :as str]
            [sente-lite.peer :as peer]
            [sente-lite.values :as values]
            #?@(:org.babashka/nbb [["@sente-lite/node" :as lib]
                                   [sente-lite.codecs :as codecs]]
                :scittle [["SenteLite" :as lib]])))

(def ^:private known-codecs
  #?(:org.babashka/nbb codecs/known
     :scittle {"edn" lib/edn "json" lib/json "transit-json" lib/transitJson
               "transit-msgpack" lib/transitMsgpack "sente-msgpack" lib/senteMsgpack}))

(defn- codec-of [options]
  (some-> (peer/serialization options) (peer/find-codec known-codecs)))

(defn- strings [entries]
  (let [found #js {}]
    (doseq [[k v] entries :when (some? v)]
      (unchecked-set found (if (keyword? k) (name k) (str k)) (if (keyword? v) (name v) (str v))))
    found))

(defn- convert-each-time [value convert]
  (if (fn? value)
    (fn [] (.then (js/Promise.resolve (value)) convert))
    (convert value)))

(defn- client-options [csrf-token {:keys [client-id params headers] :as options}]
  (let [given (peer/options->js
               (dissoc options :type :serialization :packer :client-id :params :headers :csrf-token :host :protocol))
        token (or csrf-token (:csrf-token options))
        codec (codec-of options)]
    (when codec (unchecked-set given "codec" codec))
    (when client-id (unchecked-set given "clientId" (str client-id)))
    (when params (unchecked-set given "params" (convert-each-time params strings)))
    (when headers (unchecked-set given "headers" (convert-each-time headers strings)))
    (when token (unchecked-set given "csrfToken" token))
    given))

(defn- address
  "Sente's `:host` and `:protocol`, for a path on another host than the page's."
  [path {:keys [host protocol]}]
  (if (and host (str/starts-with? path "/"))
    (str (if (#{:https :wss "https" "wss" "https:" "wss:"} protocol) "wss" "ws") "://" host path)
    path))

(defn- last-close [closed]
  (when closed
    (cond-> {:udt (.-at closed) :reason (.-reason closed)}
      (some? (.-code closed)) (assoc :code (.-code closed)))))

(defn- state->clj [state]
  {:type :ws
   :status (keyword (.-status state))
   :open? (.-open state)
   :ever-opened? (.-everOpened state)
   :first-open? (.-firstOpen state)
   :uid (.-uid state)
   :handshake-data (values/->clj (.-handshakeData state))
   :csrf-token (.-csrfToken state)
   :last-ws-error (.-lastWsError state)
   :last-ws-close (last-close (.-lastWsClose state))
   :last-close (some-> (last-close (.-lastClose state)) (update :reason keyword))
   :last-error (.-lastError state)
   :udt-next-reconnect (.-udtNextReconnect state)
   :reconnect-count (.-reconnectCount state)
   :queued (.-queued state)
   :session-id (.-sessionId state)
   :resumed? (.-resumed state)
   :session-lost? (.-sessionLost state)})

(defn- data->clj [message]
  (if (= "chsk/state" (.-id message))
    (mapv state->clj (.-data message))
    (values/->clj (.-data message))))

(defn- reply->clj [reply]
  (case reply
    ("chsk/closed" "chsk/timeout" "chsk/error") (keyword reply)
    (values/->clj reply)))

(defn cb-success?
  "False for the replies that are none: `:chsk/closed`, `:chsk/timeout`, `:chsk/error`."
  [reply]
  (not (contains? #{:chsk/closed :chsk/timeout :chsk/error} reply)))

(def cb-error? (complement cb-success?))

(defn- request-fn [client]
  (fn request
    ([event] (request event nil))
    ([event timeout-ms]
     (.then (.requestFn client (peer/event->js event) (if timeout-ms #js {:timeoutMs timeout-ms} #js {}))
            values/->clj
            peer/reject))))

;; rooms

(defn- room-state->clj [state]
  {:status (keyword (.-status state))
   :code (some-> (.-code state) keyword)
   :message (.-message state)
   :recovered? (.-recovered state)})

(defn- members->clj [members]
  {:uids (set (js/Array.from (.-uids members))) :count (.-count members) :complete? (.-isComplete members)})

(defn- watch [watchable convert]
  (let [found (atom (convert (.get watchable)))]
    (.subscribe watchable (fn [after] (reset! found (convert after))))
    found))

(defn- room-fn [client]
  (fn room
    ([room-name] (room room-name nil))
    ([room-name {:keys [since]}]
     (let [joined (.room client room-name (if since #js {:since (peer/position->js since)} #js {}))]
       {:name room-name
        :ch-recv (peer/ch-recv (.-chRecv joined) {:read (fn [received] [(peer/room-message received)]) :source-id identity})
        :state (watch (.-state joined) room-state->clj)
        :members (watch (.-members joined) members->clj)
        :position (fn [] (peer/position->clj ((.-position joined))))
        :send-fn (fn [event & [options]] (.sendFn joined (peer/event->js event) (peer/send-options options)))
        :history (peer/history-fn joined)
        :leave! (fn [] (.leave joined) nil)}))))

(defn- ws-errors
  "`:chsk/error`, for which the library has no message: what a socket said when it failed is in its state."
  [client message]
  (fn [id f]
    (if (#{:* "*" :chsk/error} id)
      (.subscribe (.-state client)
                  (fn [after before]
                    (let [error (.-lastWsError after)]
                      (when (and error (not (identical? error (.-lastWsError before))))
                        (f (message :chsk/error [:chsk/error [error]] [error]))))))
      (fn []))))

(defn- client-of [path csrf-token options]
  (let [client (lib/makeChannelSocketClient (address path options) (client-options csrf-token options))
        state (atom (state->clj (.get (.-state client))))
        error-chan (peer/error-channel-of client)
        replied (fn [cb]
                  (fn [reply]
                    (cb (try
                          (reply->clj reply)
                          (catch :default e
                            ((:report! error-chan) (peer/cause e) {:source "reply"})
                            :chsk/error)))))
        send-fn (fn
                  ([event] (.sendFn client (peer/event->js event)))
                  ([event options] (.sendFn client (peer/event->js event) (peer/send-options options)))
                  ([event timeout-ms cb]
                   (if cb
                     (.sendFn client (peer/event->js event) (or timeout-ms js/undefined) (replied cb))
                     (.sendFn client (peer/event->js event)))))
        message (fn [id event data] {:id id :event event :?data data :state state :send-fn send-fn})
        read (fn [received]
               (let [data (data->clj received)
                     event (peer/event->clj received data)]
                 [(assoc (message (first event) event data) :?reply-fn (peer/reply-fn-of received))]))]
    (.subscribe (.-state client) (fn [after] (reset! state (state->clj after))))
    {:chsk (.-chsk client)
     :ch-recv (peer/ch-recv (.-chRecv client)
                            {:read read :source-id identity :own-ids #{:chsk/error} :own-events (ws-errors client message)})
     :send-fn send-fn
     :request-fn (request-fn client)
     :room (room-fn client)
     :state state
     :error-chan error-chan
     :ready (fn [] (.then (.ready client) (fn [opened] (state->clj opened))))
     :close! (fn [] (.close client) nil)}))

(defn make-channel-socket-client!
  "Makes a client, which connects at once and stays connected. `(… path options)`, or as in Sente
  `(… path csrf-token options)`. Returns `:chsk :ch-recv :send-fn :request-fn :room :state :error-chan :ready :close!`;
  `((:room client) name {:since position})` joins a room, and returns
  `:name :ch-recv :state :members :position :send-fn :history :leave!` of it."
  ([path] (client-of path nil {}))
  ([path options] (if (map? options) (client-of path nil options) (client-of path options {})))
  ([path csrf-token & options]
   (client-of path csrf-token (if (map? (first options)) (first options) (apply hash-map options)))))

(defn chsk-connect! [chsk] (.connect chsk))
(defn chsk-disconnect! [chsk] (.disconnect chsk))
(defn chsk-reconnect! [chsk] (.reconnect chsk))
(defn chsk-break-connection!
  "Cuts the connection, as a fault of the network would; the client then reconnects."
  [chsk]
  (.breakConnection chsk))

(def start-router! peer/start-router!)
(def start-client-chsk-router! peer/start-router!)
(def wrap-step-fn peer/wrap-step-fn)
(def make-error-channel peer/make-error-channel)
