throw new Exception("no answer")
