(error "no answer")
