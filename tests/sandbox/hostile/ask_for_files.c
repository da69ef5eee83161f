/* Attacks: files outside, by asking the preprocessor which there are. It compiles if there are none.
 * Profile: compile
 * Expect: outcome=exited exit_code=0
 * Not stopped at namespaces,restricted: Landlock hides what a file holds, and not that it is there.
 */
#if __has_include(SECRET) || __has_include("/etc/shadow") || __has_include("/proc/1/environ") || \
    __has_include("/etc/hostname") || __has_include("/root/.bashrc")
#error "found"
#endif
int main(void) { return 0; }
