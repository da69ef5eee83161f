/* Attacks: files outside, by the number of their inode.
 * Expect: outcome=forbidden signal=31 call=open_by_handle_at
 */
#define _GNU_SOURCE
#include <fcntl.h>

int main(void)
{
    struct {
        struct file_handle head;
        unsigned inode[2];
    } root = {{8, 1}, {2, 0}};
    return open_by_handle_at(open("/usr", O_RDONLY), &root.head, O_RDONLY);
}
