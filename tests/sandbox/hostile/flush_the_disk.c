/* Attacks: the host's disk, by flushing it again and again through a file that may only be read. The
 * calls do nothing and are called a success, even for what is no file at all.
 * Expect: outcome=exited exit_code=0
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

int main(void)
{
    return fsync(-1) != 0 || fdatasync(-1) != 0 || sync_file_range(-1, 0, 0, SYNC_FILE_RANGE_WRITE) != 0 ||
           msync((void *)4096, 4096, MS_SYNC) != 0;
}
