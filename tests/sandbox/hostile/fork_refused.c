/* Attacks: the limit of one process. The fork must fail, and the program live on.
 * Expect: outcome=exited exit_code=0 forks_refused>=1
 * At user,restricted: forks_refused>=0
 */
#include <errno.h>
#include <unistd.h>

int main(void) { return fork() == -1 && errno == EAGAIN ? 0 : 1; }
