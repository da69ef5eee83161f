#include <stdio.h>

int main(void) {
    long long n, d;
    scanf("%lld", &n);
    for (d = n - 1; d > 1 && n % d; d--) {
    }
    printf("%lld %lld\n", d, n / d);
}
