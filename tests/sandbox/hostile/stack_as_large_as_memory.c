/* Attacks: the memory limit, by a stack that has no smaller one.
 * Limits: memory_kib=16384 stack_kib=1048576
 * Expect: outcome=memory limit=memory
 */
static int deeper(int n)
{
    volatile char frame[4096];
    frame[0] = (char)n;
    return deeper(n + 1) + frame[0];
}

int main(void) { return deeper(0); }
