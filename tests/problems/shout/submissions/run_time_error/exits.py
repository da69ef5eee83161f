import sys

sys.stdout.write(sys.stdin.read().upper())
sys.exit(3)
