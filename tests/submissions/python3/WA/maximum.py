"""The wrong question answered."""

input()
print(max(map(int, input().split())))
