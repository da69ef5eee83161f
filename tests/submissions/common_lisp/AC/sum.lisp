(let ((n (read)))
  (format t "~a~%" (loop repeat n sum (read))))
