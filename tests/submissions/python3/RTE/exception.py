"""An exception that nobody catches."""

print(1 // 0)
