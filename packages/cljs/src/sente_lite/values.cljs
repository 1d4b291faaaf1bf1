(ns sente-lite.values
  "Converts Clojure's data to what sente-lite's JavaScript sends, and back. Both sides hold the same values, so this
  is the only place where they meet, whichever codec is on the wire."
  #?(:org.babashka/nbb (:require ["@sente-lite/node" :as lib])
     :scittle (:require ["SenteLite" :as lib])))

(defn- fqn [named]
  (if-let [space (namespace named)] (str space "/" (name named)) (name named)))

(defn- split-name [make text]
  (let [slash (.indexOf text "/")]
    (if (pos? slash)
      (make (subs text 0 slash) (subs text (inc slash)))
      (make nil text))))

(defn event-id->js
  "The name of an event, without its colon. What is no keyword is left for the library to refuse."
  [id]
  (if (keyword? id) (fqn id) id))

(defn event-id->clj [id]
  (split-name keyword id))

(declare ->js ->clj)

(defn- array-of [coll]
  (let [items #js []]
    (run! #(.push items (->js %)) coll)
    items))

;; Always a Map: an object's keys could reach a prototype. It arrives as an object in JavaScript where all keys are keywords.
(defn- map-of [coll]
  (let [entries (js/Map.)]
    (run! #(.set entries (->js (key %)) (->js (val %))) coll)
    entries))

(defn- tagged-of [{:keys [tag form]}]
  (if (= 'uri tag)
    (lib/uri form)
    (lib/tagged (str tag) (->js form))))

(defn ->js
  "What is sent of a Clojure value. What is no data (a function, an atom) goes through as it is, and the library refuses
  it with an EncodeError that says where it was."
  [x]
  (cond
    (or (string? x) (number? x) (boolean? x)) x
    (nil? x) nil
    (keyword? x) (lib/kw (fqn x))
    (map? x) (map-of x)
    (set? x) (js/Set. (array-of x))
    (sequential? x) (array-of x)
    (uuid? x) (lib/uuid (str x))
    (symbol? x) (lib/sym (fqn x))
    (tagged-literal? x) (tagged-of x)
    (array? x) (array-of x)
    :else x))

;; A Clojure map compares keys of one hash one by one, and a peer can choose such keys. So many of them are let through.
(def ^:private many 1000)
(def ^:private most-of-one-hash 100)

(defn- check-hashes
  "Returns the keys; throws where too many of them have one hash."
  [ks]
  (when (< many (count ks))
    (let [counts (js/Map.)]
      (doseq [k ks]
        (let [h (hash k)
              n (inc (or (.get counts h) 0))]
          (when (< most-of-one-hash n)
            (throw (ex-info "too many keys with one hash" {:code :colliding-keys})))
          (.set counts h n)))))
  ks)

(defn- record->clj [object]
  (let [names (js/Object.keys object)]
    (zipmap (check-hashes (mapv event-id->clj names))
            (map #(->clj (unchecked-get object %)) names))))

(defn- map->clj [entries]
  (zipmap (check-hashes (mapv ->clj (js/Array.from (.keys entries))))
          (map ->clj (js/Array.from (.values entries)))))

(defn- object->clj [x]
  (cond
    (lib/isKw x) (event-id->clj (.-fqn x))
    (lib/isUuid x) (parse-uuid (.-value x))
    (instance? js/Map x) (map->clj x)
    (instance? js/Set x) (set (check-hashes (mapv ->clj (js/Array.from x))))
    (inst? x) x
    (instance? js/Uint8Array x) x
    (lib/isSym x) (split-name symbol (.-fqn x))
    (lib/isUri x) (tagged-literal 'uri (.-value x))
    (lib/isTagged x) (tagged-literal (split-name symbol (.-tag x)) (->clj (.-value x)))
    :else (record->clj x)))

(defn ->clj
  "The Clojure value of what was received: vectors, maps, sets, keywords, uuids, insts. What Clojure in JavaScript has no
  type for stays what it is in JavaScript (bigint, Uint8Array) or is a tagged literal (uri, ratio, bigdec, unknown tags)."
  [x]
  (cond
    (or (string? x) (number? x) (boolean? x)) x
    (nil? x) nil
    (object? x) (record->clj x)
    (array? x) (mapv ->clj x)
    (identical? js/BigInt (.-constructor x)) x
    :else (object->clj x)))
