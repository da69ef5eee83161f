/* Attacks: the network, by a virtual machine's own means.
 * Expect: outcome=exited exit_code=0
 */
import java.net.*;
import java.nio.channels.*;

class Main {
    interface Attempt {
        Object make() throws Exception;
    }

    static boolean succeeds(Attempt attempt) {
        try {
            return attempt.make() != null;
        } catch (Exception refused) {
            return false;
        }
    }

    public static void main(String[] arguments) {
        int port = Integer.parseInt(System.getenv("HOST_TCP"));
        boolean reached = succeeds(() -> new Socket("127.0.0.1", port)) | succeeds(() -> new ServerSocket(0))
            | succeeds(() -> new DatagramSocket()) | succeeds(() -> DatagramChannel.open())
            | succeeds(() -> InetAddress.getByName("example.com"))
            | succeeds(() -> SocketChannel.open(UnixDomainSocketAddress.of(System.getenv("HOST_FOLDER") + "/stream")));
        System.exit(reached ? 1 : 0);
    }
}
