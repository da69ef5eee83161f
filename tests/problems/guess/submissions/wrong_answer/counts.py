import sys

guess = 1
print(guess, flush=True)
for answer in sys.stdin:
    if answer == "right\n":
        break
    guess += 1
    print(guess, flush=True)
