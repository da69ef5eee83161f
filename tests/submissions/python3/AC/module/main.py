"""A submission of two modules."""

from add import add

input()
print(add(input()))
