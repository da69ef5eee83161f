raise "no answer"
