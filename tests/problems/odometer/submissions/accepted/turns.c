#include <stdio.h>

/* An odometer of five digits, each number of nine in a line of its own. */
static char turn[1000001];

int main(void) {
    int turns;
    scanf("%d", &turns);
    for (int number = 0; number < 100000; number++)
        snprintf(turn + 10 * number, 11, "%09d\n", number);
    while (turns--)
        fwrite(turn, 1, 1000000, stdout);
}
