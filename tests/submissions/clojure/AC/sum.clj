(require '[clojure.string :as string])

(read-line)
(println (reduce + (map #(Long/parseLong %) (string/split (read-line) #" "))))
