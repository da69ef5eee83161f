/* Attacks: whoever reads the compiler's messages, by millions of them.
 * Limits: cpu_ms=800 output_kib=1024
 * Profile: compile
 * Expect: outcome=output|cpu|exited exit_code=0|1
 */
#define A(x) x x
#define B(x) A(A(A(A(x))))
#define C(x) B(B(B(B(x))))
int main(void) { C(_Pragma("GCC warning \"this is a warning, and there are more of them to come\"")) }
