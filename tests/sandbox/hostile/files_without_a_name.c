/* Attacks: the limit on output, by files that have no name any more.
 * Limits: output_kib=8192
 * Expect: outcome=exited exit_code=7
 * At namespaces,restricted: outcome=exited exit_code=0
 * Not stopped at namespaces,restricted: what has no name in the box is not counted; each file is bounded, their sum is not
 */
#include <fcntl.h>
#include <unistd.h>

static char block[1 << 20];

int main(void)
{
    int failed = 0;
    for (int i = 0; i < 8; i++) {
        int file = open("x", O_CREAT | O_WRONLY, 0600);
        unlink("x");
        for (int j = 0; j < 4; j++)
            failed |= write(file, block, sizeof block) != sizeof block;
    }
    sleep(1);
    return failed ? 7 : 0;
}
