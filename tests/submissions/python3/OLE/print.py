"""Prints without end."""

while True:
    print("and again" * 100)
