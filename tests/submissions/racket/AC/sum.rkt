#lang racket

(define n (read))
(displayln (for/sum ([_ n]) (read)))
