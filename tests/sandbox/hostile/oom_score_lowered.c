/* Attacks: the supervisor, by the kernel's choice of whom to end when memory is short: this one makes
 * itself the last, and holds all its memory in a file.
 * Limits: memory_kib=32768 output_kib=100000
 * Expect: outcome=memory limit=memory
 * At namespaces,user,restricted: outcome=output|memory limit=file_size|memory
 */
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

static char block[1 << 20];

int main(void)
{
    int score = open("/proc/self/oom_score_adj", O_WRONLY);
    for (int value = -1000; value < 1000; value += 100) {
        char text[8];
        if (pwrite(score, text, (size_t)sprintf(text, "%d", value), 0) > 0)
            break;
    }
    int file = open("big", O_CREAT | O_WRONLY, 0600);
    for (;;)
        if (write(file, block, sizeof block) <= 0)
            return 1;
}
