/* Attacks: the memory limit, by memory that the virtual machine does not manage.
 * Expect: outcome=memory limit=memory
 */
class Main {
    public static void main(String[] arguments) throws Exception {
        var field = sun.misc.Unsafe.class.getDeclaredField("theUnsafe");
        field.setAccessible(true);
        var unsafe = (sun.misc.Unsafe) field.get(null);
        for (;;) {
            long block = unsafe.allocateMemory(8 << 20);
            unsafe.setMemory(block, 8 << 20, (byte) 1);
        }
    }
}
