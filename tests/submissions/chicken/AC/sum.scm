(import (scheme))

(define n (read))

(define (sum left total)
  (if (= left 0)
      total
      (sum (- left 1) (+ total (read)))))

(display (sum n 0))
(newline)
