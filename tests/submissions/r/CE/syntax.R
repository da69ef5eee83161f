cat(1 + )
