#include <stdio.h>
#include <stdlib.h>

int main(void) {
    int number;
    scanf("%d", &number);
    if (number == 500)
        abort();
    printf("%d\n", number * number);
}
