/* A submission of several files: the one with the language's suffix is compiled too. */
#include <stdio.h>
#include "add.h"

int main(void)
{
    int n;
    long long x, sum = 0;
    scanf("%d", &n);
    while (n-- > 0 && scanf("%lld", &x) == 1)
        sum = add(sum, x);
    printf("%lld\n", sum);
    return 0;
}
