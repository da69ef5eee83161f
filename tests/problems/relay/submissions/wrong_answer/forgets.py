print("ab" if input() == "write" else 12)
