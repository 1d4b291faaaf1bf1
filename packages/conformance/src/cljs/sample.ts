/** What `sampleFor` in fixture/sample.ts is in Clojure, but for NaN and bytes, which are equal to nothing. */
export const sampleInClojure = `
{:nil nil :true true :false false
 :string "ünïcode ☃ 😀 \\"quoted\\" \\\\ back\\nline\\ttab" :empty-string ""
 :looks-like-keyword ":not/one" :looks-like-transit "~:nor/this"
 :integer 42 :negative -1 :safe-integer 9007199254740991 :double-value 1234.5678 :double-int 1 :big-double 1e21
 :keyword :simple :ns-keyword :some.ns/name :symbol 'a-symbol :ns-symbol 'some.ns/sym
 :vector [1 "two" [3 []]] :set #{1 "two" :three} :empty-set #{}
 :map {:text "hi" :user/id 1} :empty-map {} :nested {:a {:b {:c [1 {:d nil}]}}}
 :prototype {"constructor" 1 "toString" 2} :string-keys {"a" 1 "b c" 2}
 :uuid #uuid "f81d4fae-7dec-11d0-a765-00a0c91e6bf6" :instant #inst "2026-01-02T03:04:05.678Z"
 :uri (tagged-literal 'uri "https://example.org/a?b=c")
 :negative-zero 0 :infinity ##Inf :negative-infinity ##-Inf
 :bigint (js/BigInt "123456789012345678901234567890") :long (js/BigInt "9007199254740993")
 :integer-keys {1 "one" 2 "two"} :vector-keys {[1 2] "v" [3] "w"}
 :bigdec (tagged-literal 'bigdec "1.50") :ratio (tagged-literal 'ratio [22 7]) :tagged (tagged-literal 'app/point [1 2])}`;
