// SPDX-License-Identifier: Apache-2.0
import de.bwaldvogel.mongo.MongoServer;
import de.bwaldvogel.mongo.ServerVersion;
import de.bwaldvogel.mongo.backend.h2.H2Backend;
import de.bwaldvogel.mongo.backend.memory.MemoryBackend;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyFactory;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.security.spec.PKCS8EncodedKeySpec;
import java.util.Base64;

/**
 * A server of MongoDB's protocol for the tests: java -cp 'lib/*' Server.java memory|FILE PORT [--tls CERT KEY]
 * Listens on 127.0.0.1 (PORT 0: any free one), prints "listening PORT", and ends with its standard
 * input, so that it cannot outlive whoever started it. CERT and KEY are PEM files, the key RSA in PKCS #8.
 */
public class Server {
    public static void main(String[] args) throws Exception {
        boolean tls = args.length == 5 && args[2].equals("--tls");
        if (args.length != 2 && !tls) {
            System.err.println("usage: Server.java memory|FILE PORT [--tls CERT KEY]");
            System.exit(2);
        }
        var backend = args[0].equals("memory") ? new MemoryBackend() : new H2Backend(args[0]);
        backend.version(ServerVersion.MONGO_5_0);
        var server = new MongoServer(backend);
        if (tls) {
            enableTls(server, Path.of(args[3]), Path.of(args[4]));
        }
        server.bind(new InetSocketAddress("127.0.0.1", Integer.parseInt(args[1])));
        Runtime.getRuntime().addShutdownHook(new Thread(server::shutdownNow));
        System.out.println("listening " + server.getLocalAddress().getPort());
        while (System.in.read() >= 0) {
            // whatever comes
        }
        System.exit(0);
    }

    private static void enableTls(MongoServer server, Path certificate, Path key) throws Exception {
        var base64 = Files.readString(key).replaceAll("-----[A-Z ]+-----", "");
        var spec = new PKCS8EncodedKeySpec(Base64.getMimeDecoder().decode(base64));
        try (var in = Files.newInputStream(certificate)) {
            var chain = CertificateFactory.getInstance("X.509").generateCertificates(in);
            server.enableSsl(KeyFactory.getInstance("RSA").generatePrivate(spec), null,
                chain.toArray(new X509Certificate[0]));
        }
    }
}
