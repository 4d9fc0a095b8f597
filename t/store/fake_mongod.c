/* SPDX-License-Identifier: Apache-2.0 */
#include "fake_mongod.h"
#include "base/clock.h"

#include <arpa/inet.h>
#include <pthread.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <check.h>
#include <mongoc/mongoc.h>

#define HEADER 16
#define OP_REPLY 1
#define OP_QUERY 2004
#define OP_MSG 2013
#define LARGEST 65536
#define KEPT 512
#define CONNECTIONS 64

typedef struct command_t {
    char name[32];
    char *json;
} command_t;

static struct fake_t {
    pthread_mutex_t mutex; /* guards what follows */
    command_t kept[KEPT];
    int nkept;
    char fault_of[32];
    fake_mongod_fault_t fault;
    int code;
    const char *found;
    const char *only;
    char reply_of[32];
    const char *reply;
    int open; /* connections that have not ended */
    int sockets[CONNECTIONS];
    pthread_t threads[CONNECTIONS];
    int nconnections;
    int listener;
    int port;
    pthread_t acceptor;
} fake = {.mutex = PTHREAD_MUTEX_INITIALIZER};

static bool read_all(int fd, void *out, size_t len)
{
    return recv(fd, out, len, MSG_WAITALL) == (ssize_t)len;
}

static int32_t int_at(const uint8_t *bytes)
{
    int32_t value = 0;
    memcpy(&value, bytes, sizeof(value));
    return value; /* both ends are this machine, so no byte order is converted */
}

static void put_cursor(bson_t *out)
{
    bson_t cursor;
    bson_t batch;
    BSON_APPEND_DOCUMENT_BEGIN(out, "cursor", &cursor);
    BSON_APPEND_INT64(&cursor, "id", 0);
    BSON_APPEND_UTF8(&cursor, "ns", "x.x");
    BSON_APPEND_ARRAY_BEGIN(&cursor, "firstBatch", &batch);
    if (fake.found != NULL) {
        bson_t *document = bson_new_from_json((const uint8_t *)fake.found, -1, NULL);
        BSON_APPEND_DOCUMENT(&batch, "0", document);
        bson_destroy(document);
    }
    bson_append_array_end(&cursor, &batch);
    bson_append_document_end(out, &cursor);
}

static void put_concern(bson_t *out)
{
    bson_t concern;
    BSON_APPEND_DOCUMENT_BEGIN(out, "writeConcernError", &concern);
    BSON_APPEND_INT32(&concern, "code", 64);
    BSON_APPEND_UTF8(&concern, "errmsg", "waiting for replication timed out");
    bson_append_document_end(out, &concern);
}

/* Appends the fields that fake_mongod_reply() has set. */
static void put_reply(bson_t *out)
{
    bson_t *reply = bson_new_from_json((const uint8_t *)fake.reply, -1, NULL);
    ck_assert_ptr_nonnull(reply);
    bson_concat(out, reply);
    bson_destroy(reply);
}

/* How one command is answered. */
typedef struct manner_t {
    int code;   /* 0, or the error code of a refusal */
    bool alone; /* no majority has confirmed the write */
    bool reply; /* with the fields of fake_mongod_reply() */
} manner_t;

/* Makes one answer that fits every command, because each command reads only its own fields. A field
 * that comes twice counts as it comes first. */
static void compose(bson_t *out, const manner_t *manner)
{
    bson_t hosts;
    char name[32];
    (void)bson_snprintf(name, sizeof(name), "127.0.0.1:%d", fake.port);
    BSON_APPEND_DOUBLE(out, "ok", manner->code != 0 ? 0 : 1);
    if (manner->code != 0) {
        BSON_APPEND_INT32(out, "code", manner->code);
        BSON_APPEND_UTF8(out, "errmsg", "refused");
        return;
    }
    if (manner->reply) {
        put_reply(out);
    }
    if (manner->alone) {
        put_concern(out);
    }
    BSON_APPEND_BOOL(out, "ismaster", true);
    BSON_APPEND_BOOL(out, "isWritablePrimary", true);
    BSON_APPEND_UTF8(out, "setName", "rs0");
    BSON_APPEND_INT32(out, "setVersion", 1);
    BSON_APPEND_ARRAY_BEGIN(out, "hosts", &hosts);
    BSON_APPEND_UTF8(&hosts, "0", name);
    bson_append_array_end(out, &hosts);
    BSON_APPEND_UTF8(out, "me", name);
    BSON_APPEND_INT32(out, "minWireVersion", 0);
    BSON_APPEND_INT32(out, "maxWireVersion", 13);
    BSON_APPEND_INT32(out, "maxBsonObjectSize", LARGEST);
    BSON_APPEND_INT32(out, "maxMessageSizeBytes", LARGEST);
    BSON_APPEND_INT32(out, "maxWriteBatchSize", 100);
    BSON_APPEND_INT32(out, "logicalSessionTimeoutMinutes", 30);
    BSON_APPEND_DATE_TIME(out, "localTime", authp_clock_now(authp_clock_system()));
    BSON_APPEND_INT32(out, "n", 1);
    BSON_APPEND_INT32(out, "nModified", 1);
    put_cursor(out);
}

static void answer(int fd, int32_t to, bool message, const manner_t *manner)
{
    bson_t body = BSON_INITIALIZER;
    uint8_t out[4096] = {0};
    int32_t head = message ? HEADER + 5 : HEADER + 20;
    compose(&body, manner);
    int32_t words[] = {head + (int32_t)body.len, 1, to, message ? OP_MSG : OP_REPLY};
    memcpy(out, words, sizeof(words));
    if (!message) {
        out[HEADER + 16] = 1; /* one document */
    }
    memcpy(out + head, bson_get_data(&body), body.len);
    (void)send(fd, out, (size_t)words[0], MSG_NOSIGNAL);
    bson_destroy(&body);
}

/* Call it with the mutex held. */
static void keep(const char *name, const bson_t *command)
{
    ck_assert_int_lt(fake.nkept, KEPT);
    command_t *slot = &fake.kept[fake.nkept++];
    (void)bson_snprintf(slot->name, sizeof(slot->name), "%s", name);
    slot->json = bson_as_relaxed_extended_json(command, NULL);
}

/* Returns false if the connection must be closed. */
static bool serve(int fd, int32_t id, const bson_t *command, bool message)
{
    bson_iter_t first;
    manner_t manner = {.code = 0};
    bool faulty = false;
    if (!bson_iter_init(&first, command) || !bson_iter_next(&first)) {
        return false;
    }
    const char *name = bson_iter_key(&first);
    pthread_mutex_lock(&fake.mutex);
    keep(name, command);
    faulty = strcmp(fake.fault_of, name) == 0 &&
             (fake.only == NULL || strstr(fake.kept[fake.nkept - 1].json, fake.only) != NULL);
    fake_mongod_fault_t fault = fake.fault;
    if (faulty && fault == FAKE_MONGOD_NO_TTL &&
        strstr(fake.kept[fake.nkept - 1].json, "expireAfterSeconds") != NULL) {
        manner.code = 238;
    } else if (faulty && fault == FAKE_MONGOD_CODE) {
        manner.code = fake.code;
    }
    manner.alone = faulty && fault == FAKE_MONGOD_CONCERN;
    manner.reply = fake.reply != NULL && strcmp(fake.reply_of, name) == 0;
    pthread_mutex_unlock(&fake.mutex);
    if (faulty && fault == FAKE_MONGOD_CUT) {
        return false;
    }
    if (!faulty || fault != FAKE_MONGOD_SILENT) {
        answer(fd, id, message, &manner);
    }
    return true;
}

/* Finds the document of a message. Of an OP_MSG only the first section is read. */
static bool find_body(const uint8_t *bytes, int32_t len, int32_t op, bson_t *out)
{
    int32_t at = op == OP_MSG ? 5 : 4;
    if (op == OP_QUERY) {
        at += (int32_t)strnlen((const char *)bytes + 4, (size_t)len - 4) + 1 + 8;
    }
    return at + 4 < len && at + int_at(bytes + at) <= len &&
           bson_init_static(out, bytes + at, (size_t)int_at(bytes + at));
}

static void *talk(void *data)
{
    int fd = *(int *)data;
    uint8_t head[HEADER];
    uint8_t rest[LARGEST];
    bool on = true;
    while (on && read_all(fd, head, sizeof(head))) {
        bson_t command;
        int32_t len = int_at(head) - HEADER;
        int32_t op = int_at(head + 12);
        on = len > 9 && len < LARGEST && read_all(fd, rest, (size_t)len) &&
             find_body(rest, len, op, &command) &&
             serve(fd, int_at(head + 4), &command, op == OP_MSG);
    }
    (void)shutdown(fd, SHUT_RDWR);
    pthread_mutex_lock(&fake.mutex);
    fake.open--;
    pthread_mutex_unlock(&fake.mutex);
    return NULL;
}

static void *accept_all(void *data)
{
    (void)data;
    for (int fd = 0; (fd = accept(fake.listener, NULL, NULL)) >= 0;) {
        pthread_mutex_lock(&fake.mutex);
        if (fake.nconnections < CONNECTIONS) {
            int *slot = &fake.sockets[fake.nconnections];
            *slot = fd;
            fake.open++;
            (void)pthread_create(&fake.threads[fake.nconnections++], NULL, talk, slot);
        } else {
            (void)close(fd);
        }
        pthread_mutex_unlock(&fake.mutex);
    }
    return NULL;
}

void fake_mongod_start(void)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof(address);
    fake.listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    ck_assert_int_eq(bind(fake.listener, (struct sockaddr *)&address, len), 0);
    ck_assert_int_eq(listen(fake.listener, CONNECTIONS), 0);
    ck_assert_int_eq(getsockname(fake.listener, (struct sockaddr *)&address, &len), 0);
    fake.port = ntohs(address.sin_port);
    ck_assert_int_eq(pthread_create(&fake.acceptor, NULL, accept_all, NULL), 0);
}

void fake_mongod_stop(void)
{
    (void)shutdown(fake.listener, SHUT_RDWR);
    pthread_join(fake.acceptor, NULL);
    (void)close(fake.listener);
    for (int i = 0; i < fake.nconnections; i++) {
        (void)shutdown(fake.sockets[i], SHUT_RDWR);
        pthread_join(fake.threads[i], NULL);
        (void)close(fake.sockets[i]);
    }
    fake.nconnections = 0;
    fake_mongod_forget();
    fake_mongod_fault(NULL, FAKE_MONGOD_SILENT);
    fake_mongod_found(NULL);
    fake_mongod_reply("", NULL);
    fake_mongod_only(NULL);
}

int fake_mongod_port(void)
{
    return fake.port;
}

void fake_mongod_fault(const char *command, fake_mongod_fault_t fault)
{
    pthread_mutex_lock(&fake.mutex);
    (void)bson_snprintf(fake.fault_of, sizeof(fake.fault_of), "%s", command != NULL ? command : "");
    fake.fault = fault;
    pthread_mutex_unlock(&fake.mutex);
}

void fake_mongod_code(const char *command, int code)
{
    pthread_mutex_lock(&fake.mutex);
    fake.code = code;
    pthread_mutex_unlock(&fake.mutex);
    fake_mongod_fault(command, FAKE_MONGOD_CODE);
}

void fake_mongod_found(const char *json)
{
    fake.found = json; /* set before the client sends the command */
}

void fake_mongod_only(const char *part)
{
    pthread_mutex_lock(&fake.mutex);
    fake.only = part;
    pthread_mutex_unlock(&fake.mutex);
}

void fake_mongod_reply(const char *command, const char *json)
{
    pthread_mutex_lock(&fake.mutex);
    (void)bson_snprintf(fake.reply_of, sizeof(fake.reply_of), "%s", command);
    fake.reply = json;
    pthread_mutex_unlock(&fake.mutex);
}

int fake_mongod_connections(void)
{
    pthread_mutex_lock(&fake.mutex);
    int open = fake.open;
    pthread_mutex_unlock(&fake.mutex);
    return open;
}

int fake_mongod_count(const char *command)
{
    int count = 0;
    pthread_mutex_lock(&fake.mutex);
    for (int i = 0; i < fake.nkept; i++) {
        count += strcmp(fake.kept[i].name, command) == 0;
    }
    pthread_mutex_unlock(&fake.mutex);
    return count;
}

const char *fake_mongod_last(const char *command)
{
    const char *json = NULL;
    pthread_mutex_lock(&fake.mutex);
    for (int i = 0; i < fake.nkept; i++) {
        json = strcmp(fake.kept[i].name, command) == 0 ? fake.kept[i].json : json;
    }
    pthread_mutex_unlock(&fake.mutex);
    return json;
}

const char *fake_mongod_nth(const char *command, int number)
{
    const char *json = NULL;
    pthread_mutex_lock(&fake.mutex);
    for (int i = 0; i < fake.nkept && json == NULL; i++) {
        if (strcmp(fake.kept[i].name, command) == 0 && number-- == 0) {
            json = fake.kept[i].json;
        }
    }
    pthread_mutex_unlock(&fake.mutex);
    return json;
}

void fake_mongod_forget(void)
{
    pthread_mutex_lock(&fake.mutex);
    while (fake.nkept > 0) {
        bson_free(fake.kept[--fake.nkept].json);
    }
    pthread_mutex_unlock(&fake.mutex);
}
