// Always zero.
public class Zero {
    public static void main(String[] args) { System.out.println(0); }
}
