"""Says higher or lower to at most so many guesses of a number from 1 to 1000."""

import sys

hidden = int(open(sys.argv[1]).read())
for _ in range(int(sys.argv[4])):
    line = sys.stdin.readline()
    if not line:
        break
    guess = int(line)
    if guess == hidden:
        print("right", flush=True)
        sys.exit(42)
    print("higher" if guess < hidden else "lower", flush=True)
with open(sys.argv[3] + "judgemessage.txt", "w") as message:
    message.write(f"{hidden} was not guessed")
sys.exit(43)
