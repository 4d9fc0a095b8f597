// SPDX-License-Identifier: Apache-2.0
import de.bwaldvogel.mongo.MongoServer;
import de.bwaldvogel.mongo.ServerVersion;
import de.bwaldvogel.mongo.backend.h2.H2Backend;
import de.bwaldvogel.mongo.backend.memory.MemoryBackend;
import java.net.InetSocketAddress;

/**
 * A server of MongoDB's protocol for the tests: java -cp 'lib/*' Server.java memory|FILE PORT
 * Listens on 127.0.0.1 (PORT 0: any free one), prints "listening PORT", and ends with its standard
 * input, so that it cannot outlive whoever started it.
 */
public class Server {
    public static void main(String[] args) throws Exception {
        var backend = args[0].equals("memory") ? new MemoryBackend() : new H2Backend(args[0]);
        backend.version(ServerVersion.MONGO_5_0);
        var server = new MongoServer(backend);
        server.bind(new InetSocketAddress("127.0.0.1", Integer.parseInt(args[1])));
        Runtime.getRuntime().addShutdownHook(new Thread(server::shutdownNow));
        System.out.println("listening " + server.getLocalAddress().getPort());
        while (System.in.read() >= 0) {
            // whatever comes
        }
        System.exit(0);
    }
}
