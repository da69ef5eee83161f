#include <stdio.h>

int main(void) {
    long n, number;
    volatile long sum = 0;
    scanf("%ld", &n);
    while (n--) {
        scanf("%ld", &number);
        while (number--)
            sum = sum + 1;
    }
    printf("%ld\n", sum);
}
