/* Attacks: the judge's patience, by a program that has ended but for its shutdown hook.
 * Limits: wall_ms=1000
 * Expect: outcome=wall limit=wall
 */
class Main {
    public static void main(String[] arguments) {
        Runtime.getRuntime().addShutdownHook(new Thread(() -> {
            for (;;)
                try {
                    Thread.sleep(1000000);
                } catch (InterruptedException again) {
                }
        }));
        System.exit(0);
    }
}
