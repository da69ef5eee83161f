"""Right but for white space, where the checker wants each byte."""

input()
print(sum(map(int, input().split())), end=" \n")
