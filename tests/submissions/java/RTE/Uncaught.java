// An exception that nobody catches.
public class Uncaught {
    public static void main(String[] args) { throw new IllegalStateException("nobody catches me"); }
}
