/* Attacks: whatever the compiler can reach, by an annotation processor, which is code that it runs: it
 * exits with another code for each thing that it reached, and leaves a link and a FIFO for the reader.
 * Profile: compile
 * Expect: outcome=exited exit_code=42
 */
class Main {
    public static void main(String[] arguments) {
    }
}
