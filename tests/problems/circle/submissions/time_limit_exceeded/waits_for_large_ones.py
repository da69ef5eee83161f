import math

radius = float(input())
while radius > 10000:
    pass
print(math.pi * radius**2)
