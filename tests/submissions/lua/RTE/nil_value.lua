print(nil + 1)
