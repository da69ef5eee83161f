/* Fills a file beyond the output limit. */
#include <stdio.h>

int main(void)
{
    FILE *file = fopen("out.txt", "w");
    for (;;)
        fputs("and again\n", file);
}
