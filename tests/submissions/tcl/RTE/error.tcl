error "no answer"
