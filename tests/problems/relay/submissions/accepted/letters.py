LETTERS = "abcdefghij"

if input() == "write":
    print("".join(LETTERS[int(digit)] for digit in input()))
else:
    print("".join(str(LETTERS.index(letter)) for letter in input()))
