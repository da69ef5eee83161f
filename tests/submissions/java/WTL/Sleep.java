// Waits for ever and computes nothing.
public class Sleep {
    public static void main(String[] args) throws InterruptedException { Thread.sleep(1_000_000); }
}
