"""Prints the right sum, and fails."""

import sys

input()
print(sum(map(int, input().split())))
sys.exit(3)
