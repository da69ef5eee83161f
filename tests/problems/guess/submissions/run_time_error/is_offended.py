import os

print(500, flush=True)
input()
os.abort()
