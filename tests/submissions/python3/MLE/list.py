"""A list that grows until there is no memory."""

everything = []
while True:
    everything.append(bytearray(1 << 20))
