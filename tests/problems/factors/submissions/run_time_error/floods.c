#include <unistd.h>

/* The right answer for ever. */
int main(void) {
    static char lines[1 << 20];
    for (int i = 0; i < sizeof lines; i += 4)
        lines[i] = '2', lines[i + 1] = ' ', lines[i + 2] = '3', lines[i + 3] = '\n';
    while (write(1, lines, sizeof lines) > 0) {
    }
}
