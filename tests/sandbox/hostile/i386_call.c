/* Attacks: a filter that knows only one numbering of calls: getpid by the i386 entry. A kernel without
 * that entry ends it with SIGSEGV.
 * Expect: outcome=forbidden|signalled call=i386:20|
 */
int main(void)
{
    long result = 20;
    __asm__ volatile("int $0x80" : "+a"(result) : : "memory");
    return 0;
}
