/* Right but for the last newline, and with white space at line ends, which the checker ignores. */
#include <stdio.h>

int main(void)
{
    int n;
    long long x, sum = 0;
    scanf("%d", &n);
    while (n-- > 0 && scanf("%lld", &x) == 1)
        sum += x;
    printf("\n%lld  \r\n\n ", sum);
    return 0;
}
