/* Attacks: the process table, by children that nobody waits for.
 * Limits: processes=16
 * Expect: outcome=exited exit_code=0 forks_refused>=1
 * At user,restricted: forks_refused>=0
 */
#include <unistd.h>

int main(void)
{
    int children = 0;
    for (pid_t child; children < 100 && (child = fork()) >= 0; children++)
        if (child == 0)
            _exit(0);
    return children > 16;
}
