/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AUTHP_TEST_HTTP_PEER_H
#define AUTHP_TEST_HTTP_PEER_H

#include <apr_pools.h>
#include <pthread.h>
#include <stdatomic.h>

#define HTTP_PEER_MOST 64

/* A server on 127.0.0.1 with a thread for each connection. The path of a request says what it does:
 *  /ok              200 with {"ok":true}
 *  /echo            200 with the whole request
 *  /count           200 with the number of requests on this connection
 *  /cc/VALUE        200 with Cache-Control: VALUE
 *  /interim         103 with Cache-Control: max-age=5, then 200
 *  /status/NNN      that status, with Location: /ok
 *  /size/N          200 with N bytes and Content-Length
 *  /stream/N        200 with N bytes, whose end is the end of the connection
 *  /headers         200 with 100 KB of header lines
 *  /drip            200, then a byte each 50 ms
 *  /drip-header     200, then a header line each 50 ms
 *  /half            200 with Content-Length: 100 and 10 bytes, then the end
 *  /garbage         bytes that are no HTTP
 *  /close           the end of the connection
 *  /never           nothing
 */
typedef struct http_peer_t {
    int port;
    int listens;
    pthread_t acceptor;
    atomic_int stopping;
    atomic_int requests; /* all of them */
    int nlines;
    int sockets[HTTP_PEER_MOST];
    pthread_t lines[HTTP_PEER_MOST];
} http_peer_t;

void http_peer_start(http_peer_t *peer);
void http_peer_stop(http_peer_t *peer);
/* http://127.0.0.1:PORT and the path. */
const char *http_peer_url(const http_peer_t *peer, const char *path, apr_pool_t *pool);

#endif
