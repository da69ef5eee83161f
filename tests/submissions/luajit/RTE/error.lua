error("no answer")
