/* Attacks: the compiler, by a source that asks it to load code. It compiles: nobody listens.
 * Profile: compile
 * Expect: outcome=exited exit_code=0
 */
#pragma GCC plugin "./evil.so"
#pragma GCC optimize("-fplugin=./evil.so")
#pragma comment(linker, "@/etc/shadow")
__attribute__((optimize("-fplugin=./evil.so"))) int main(void) { return 0; }
