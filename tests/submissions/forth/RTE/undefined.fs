undefined-word
