(ns evaluator
  "Evaluates what a test writes to stdin, a JSON string a line, and answers with a line {id, value} or {id, error}."
  (:require ["node:readline" :as readline]
            [nbb.core :as nbb]))

(def ids (atom 0))

(defn answer [answered]
  (js/console.log (js/JSON.stringify (clj->js answered))))

(.on (readline/createInterface #js {:input js/process.stdin}) "line"
     (fn [line]
       (let [id (swap! ids inc)]
         (-> (nbb/load-string (js/JSON.parse line))
             (.then (fn [value] value))
             (.then #(answer {:id id :value (pr-str %)})
                    #(answer {:id id :error (str (.-message %))}))))))
