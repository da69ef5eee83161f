/* Attacks: the supervisor and all others, by signals. None may arrive outside the program's own tree.
 * Expect: outcome=exited exit_code=5
 */
#include <signal.h>
#include <unistd.h>

int main(void)
{
    kill(-1, SIGKILL);
    kill(1, SIGKILL);
    kill(1, SIGTERM);
    kill(getppid(), SIGKILL);
    return 5;
}
