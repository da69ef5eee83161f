raise newException(ValueError, "no answer")
