"""A point for each different word, five at most."""

import sys

words = set(sys.stdin.read().split())
if not words:
    sys.exit(43)
with open(sys.argv[3] + "score.txt", "w") as score:
    score.write(str(min(len(words), 5)))
sys.exit(42)
