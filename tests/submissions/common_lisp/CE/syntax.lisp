(format t "6~%"
