n = int(input())
factor = next(d for d in range(2, n) if n % d == 0)
print(n // factor, factor)
