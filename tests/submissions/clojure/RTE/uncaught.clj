(throw (Exception. "no answer"))
