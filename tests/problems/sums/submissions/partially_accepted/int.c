#include <stdio.h>

int main(void) {
    int n, number;
    unsigned sum = 0;
    scanf("%d", &n);
    while (n--) {
        scanf("%d", &number);
        sum += number;
    }
    printf("%d\n", (int)sum);
}
