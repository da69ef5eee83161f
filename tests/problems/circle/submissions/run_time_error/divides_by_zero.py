import math

radius = float(input())
print(math.pi * radius**3 / radius)
