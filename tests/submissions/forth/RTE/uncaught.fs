6 throw
