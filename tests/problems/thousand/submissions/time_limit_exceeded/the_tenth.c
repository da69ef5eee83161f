#include <stdio.h>

int main(void) {
    int number;
    scanf("%d", &number);
    while (number == 10) {
    }
    printf("%d\n", number * number);
}
