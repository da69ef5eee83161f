/* Attacks: files outside, by the assembler, which puts them into the program.
 * Profile: compile
 * Expect: outcome=exited exit_code=1
 */
__asm__(".incbin \"" SECRET "\"");
int main(void) { return 0; }
