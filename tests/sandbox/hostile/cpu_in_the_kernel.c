/* Attacks: a CPU clock that counts user time only.
 * Limits: cpu_ms=300 wall_ms=20000
 * Expect: outcome=cpu limit=cpu
 */
#include <fcntl.h>
#include <unistd.h>

static char buffer[1 << 20];

int main(void)
{
    int zero = open("/dev/zero", O_RDONLY);
    for (;;)
        if (read(zero, buffer, sizeof buffer) < 0)
            return 1;
}
