import java.io.File;
import java.io.FileInputStream;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Set;
import javax.annotation.processing.AbstractProcessor;
import javax.annotation.processing.RoundEnvironment;
import javax.annotation.processing.SupportedAnnotationTypes;
import javax.lang.model.element.TypeElement;

@SupportedAnnotationTypes("*")
public class Spy extends AbstractProcessor {
    interface Attempt {
        Object make() throws Exception;
    }

    static void exitIfPossible(int code, Attempt attempt) {
        try {
            attempt.make();
        } catch (Exception refused) {
            return;
        }
        Runtime.getRuntime().halt(code);
    }

    @Override
    public boolean process(Set<? extends TypeElement> annotations, RoundEnvironment round) {
        String outside = System.getenv("HOST_FOLDER");
        exitIfPossible(10, () -> new FileInputStream(outside + "/secret"));
        exitIfPossible(11, () -> new FileInputStream(outside + "/root-only"));
        exitIfPossible(12, () -> new FileInputStream("/etc/shadow"));
        exitIfPossible(13, () -> new FileInputStream("/proc/1/environ"));
        exitIfPossible(14, () -> Files.createFile(Path.of("/usr/lib/new")));
        exitIfPossible(15, () -> new Socket("127.0.0.1", Integer.parseInt(System.getenv("HOST_TCP"))));
        try {
            Files.createSymbolicLink(Path.of("Main.class"), Path.of(outside, "secret"));
            new ProcessBuilder("/usr/bin/mkfifo", "program").start().waitFor();
        } catch (Exception refused) {
            Runtime.getRuntime().halt(20);
        }
        Runtime.getRuntime().halt(42);
        return false;
    }
}
