if input() == "write":
    print("abcd")
else:
    print(int(input()))
