"""Not Python."""

print("one"
