a, b = 1, 1
for _ in range(min(int(input()), 20000)):
    a, b = b, a + b
print(a % 10**9)
