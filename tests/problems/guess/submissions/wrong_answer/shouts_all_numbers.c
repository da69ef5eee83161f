#include <stdio.h>

/* Listens to nobody. */
int main(void) {
    for (;;)
        for (int guess = 1000; guess; guess--)
            printf("%d\n", guess);
}
