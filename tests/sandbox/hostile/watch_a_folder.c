/* Attacks: the neighbours' secrets, by asking to be told when others open what is in a shared folder.
 * Expect: outcome=exited exit_code=0
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <unistd.h>

int main(void)
{
    int folder = open("/usr/bin", O_RDONLY | O_DIRECTORY);
    if (folder < 0)
        return 1;
    if (fcntl(folder, F_NOTIFY, DN_ACCESS | DN_MULTISHOT) == 0)
        return 2;
    return fcntl(folder, 1040 /* F_SETDELEG */, F_RDLCK) == 0 ? 3 : 0;
}
