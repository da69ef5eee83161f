#lang racket/base

(displayln total)
