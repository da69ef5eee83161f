if input() == "write":
    print("abcd")
else:
    while True:
        pass
