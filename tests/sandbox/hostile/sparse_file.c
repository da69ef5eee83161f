/* Attacks: the output limit, by a file of a terabyte that takes no room.
 * Expect: outcome=output limit=file_size
 */
#include <fcntl.h>
#include <unistd.h>

int main(void)
{
    int file = open("sparse", O_CREAT | O_WRONLY, 0600);
    return ftruncate(file, 1l << 40) == 0 ? 1 : 2;
}
