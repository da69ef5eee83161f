print("a b c d e", flush=True)
while True:
    pass
