/* Attacks: the process table, by threads of a virtual machine, which has a dozen of its own.
 * Limits: processes=48
 * Expect: outcome=exited exit_code=0
 */
class Main {
    public static void main(String[] arguments) {
        int started = 0;
        try {
            for (; started < 1000; started++) {
                Thread thread = new Thread(null, () -> sleep(), "storm", 65536);
                thread.setDaemon(true);
                thread.start();
            }
        } catch (OutOfMemoryError refused) {
            System.exit(started < 48 ? 0 : 1);
        }
        System.exit(2);
    }

    static void sleep() {
        try {
            Thread.sleep(1000000);
        } catch (InterruptedException ended) {
        }
    }
}
