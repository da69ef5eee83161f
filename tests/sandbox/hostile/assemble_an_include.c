/* Attacks: files outside, by the assembler's own .include, whose errors show their lines.
 * Profile: compile
 * Expect: outcome=exited exit_code=1
 */
__asm__(".include \"" SECRET "\"");
int main(void) { return 0; }
