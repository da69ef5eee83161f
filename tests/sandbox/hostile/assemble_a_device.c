/* Attacks: the assembler's memory and time, by a file without end.
 * Limits: cpu_ms=1000 memory_kib=131072
 * Profile: compile
 * Expect: outcome=exited exit_code=1
 */
__asm__(".incbin \"/dev/zero\"");
int main(void) { return 0; }
