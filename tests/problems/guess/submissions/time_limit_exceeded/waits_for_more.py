import sys

print(1)  # and never flushes
sys.stdin.read()
