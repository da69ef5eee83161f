#include <stdio.h>

int main(void) {
    volatile long sum = 0;
    long a, b;
    scanf("%ld %ld", &a, &b);
    while (sum - a != b || a > 0)
        sum = sum + 1;
    printf("%ld\n", sum);
}
