print("a b c d e")
raise SystemExit("no more words")
