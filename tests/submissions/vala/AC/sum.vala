void main() {
    int64 n = 0, each = 0, sum = 0;
    stdin.scanf("%lld", out n);
    for (; n > 0; n--) {
        stdin.scanf("%lld", out each);
        sum += each;
    }
    stdout.printf("%lld\n", sum);
}
