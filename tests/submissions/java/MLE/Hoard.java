// Keeps all it takes, until the heap is full.
import java.util.ArrayList;
import java.util.List;

public class Hoard {
    public static void main(String[] args) {
        List<byte[]> all = new ArrayList<>();
        for (;;)
            all.add(new byte[1 << 20]);
    }
}
