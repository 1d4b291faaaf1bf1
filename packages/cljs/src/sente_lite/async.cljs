(ns sente-lite.async
  "Three of core.async's names, for `(:ch ch-recv)`, where there is no core.async. `<!` stands in a `go` or `go-loop`, not
  in a function within it.")

(defn result
  "The channel of what a `go` comes to. An error ends it, and is logged."
  [promise]
  (let [outcome (.catch promise (fn [error] (js/console.error "sente-lite: an error ended a go block" error) nil))]
    {:take! (fn [] outcome)}))

(defmacro <! [channel]
  (list 'await (list (list :take! channel))))

(defmacro go [& body]
  (list 'sente-lite.async/result (list (with-meta (list* 'fn [] body) {:async true}))))

(defmacro go-loop [bindings & body]
  (list 'sente-lite.async/go (list* 'loop bindings body)))
