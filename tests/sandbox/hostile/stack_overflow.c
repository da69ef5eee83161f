/* Attacks: the stack, by recursion without end.
 * Limits: stack_kib=8192
 * Expect: outcome=signalled signal=11
 */
static int deeper(int n)
{
    volatile char frame[4096];
    frame[0] = (char)n;
    return deeper(n + 1) + frame[0];
}

int main(void) { return deeper(0); }
