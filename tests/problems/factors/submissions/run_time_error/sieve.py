n = int(input())
prime = bytearray(n + 1)
print(2, n // 2)
