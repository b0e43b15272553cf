/*
 * Closed-loop load over TLS 1.3: one thread, epoll, OpenSSL, a client certificate if one is given.
 *   load --mode keep-alive|full|resumed|hold --port N --seconds S --warm S --connections N
 *        --name SNI --requests FILE [--cert FILE --key FILE]
 * keep-alive: a connection makes one request after the other. full, resumed: a connection for every
 * request, without or with the session of the one before. hold: one request each, then idle.
 * FILE holds requests, each as its length in decimal, a line feed and its bytes; they are sent in
 * turn. The last line of the output is one JSON object; rates leave the warm-up out.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <getopt.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { HEAD_MAX = 16384, LATENCIES_MAX = 8000000, ERRORS_MAX = 20000, RECORD_BYTES = 65536 };
enum state { HANDSHAKE, SENDING, RECEIVING, IDLE };

typedef struct {
  int fd;
  enum state state;
  unsigned events;
  SSL *tls;
  SSL_SESSION *session;
  char head[HEAD_MAX + 1];
  size_t have;
  int in_body, chunked;
  long left;
  char tail[5];
  double started;
  const char *request;
  size_t length;
} Connection;

#include "load-input.h"

static SSL_CTX *context;
static int queue, slot, resume, reconnect, hold;
static struct sockaddr_in address;
static long done, errors, refused, bytes, handshakes, reused, latency_count;
static float *latencies;

static double now(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

static int keep_session(SSL *tls, SSL_SESSION *session) {
  Connection *c = SSL_get_ex_data(tls, slot);
  if (!c || !resume) return 0;
  SSL_SESSION_free(c->session);
  c->session = session;
  return 1;
}

static void watch(Connection *c, unsigned events) {
  if (events == c->events) return;
  struct epoll_event event = {.events = events, .data.ptr = c};
  epoll_ctl(queue, c->events ? EPOLL_CTL_MOD : EPOLL_CTL_ADD, c->fd, &event);
  c->events = events;
}

static void open_connection(Connection *c) {
  int one = 1;
  struct linger reset = {1, 0};
  c->fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
  setsockopt(c->fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
  /* No TIME_WAIT: thousands of short connections would use the ports up. */
  if (reconnect) setsockopt(c->fd, SOL_SOCKET, SO_LINGER, &reset, sizeof reset);
  c->events = 0;
  c->state = HANDSHAKE;
  c->started = now();
  if (connect(c->fd, (void *)&address, sizeof address) && errno != EINPROGRESS) die("connect");
  c->tls = SSL_new(context);
  SSL_set_fd(c->tls, c->fd);
  SSL_set_connect_state(c->tls);
  SSL_set_tlsext_host_name(c->tls, options.name);
  SSL_set_ex_data(c->tls, slot, c);
  if (resume && c->session) {
    SSL_SESSION *copy = SSL_SESSION_dup(c->session);
    SSL_set_session(c->tls, copy);
    SSL_SESSION_free(copy);
  }
  watch(c, EPOLLOUT);
}

static void close_connection(Connection *c) {
  SSL_set_ex_data(c->tls, slot, NULL);
  SSL_set_shutdown(c->tls, SSL_SENT_SHUTDOWN | SSL_RECEIVED_SHUTDOWN);
  SSL_free(c->tls);
  close(c->fd);
}

static void fail(Connection *c) {
  if (++errors <= 3) {
    fprintf(stderr, "load: broken in state %d\n", c->state);
    ERR_print_errors_fp(stderr);
  }
  if (errors > ERRORS_MAX) die("too many broken connections");
  ERR_clear_error();
  SSL_SESSION_free(c->session);
  c->session = NULL;
  close_connection(c);
  open_connection(c);
}

/* After a call that did not finish: waits for the socket, or starts over. */
static void wait_or_fail(Connection *c, int result) {
  int error = SSL_get_error(c->tls, result);
  if (error == SSL_ERROR_WANT_READ) watch(c, EPOLLIN);
  else if (error == SSL_ERROR_WANT_WRITE) watch(c, EPOLLOUT);
  else fail(c);
}

static void begin_request(Connection *c) {
  c->request = requests[next_request].bytes;
  c->length = requests[next_request].length;
  next_request = (next_request + 1) % request_count;
  c->state = SENDING;
  c->have = 0;
  c->in_body = 0;
  c->chunked = 0;
  c->left = 0;
  memset(c->tail, 0, sizeof c->tail);
}

/* Reads the framing of a whole head; answers how many of the last `got` bytes belong to it. */
static int take_head(Connection *c, const char *data, int got) {
  size_t room = HEAD_MAX - c->have, before = c->have;
  size_t taken = (size_t)got < room ? (size_t)got : room;
  memcpy(c->head + c->have, data, taken);
  c->have += taken;
  c->head[c->have] = 0;
  char *end = memmem(c->head, c->have, "\r\n\r\n", 4);
  if (!end) return got;
  if (c->head[9] != '2' && ++refused <= 2) fprintf(stderr, "%.200s\n", c->head);
  end[2] = 0;
  char *length = strcasestr(c->head, "\ncontent-length:");
  c->chunked = !length && strcasestr(c->head, "\ntransfer-encoding: chunked") != NULL;
  c->left = length ? atol(length + 16) : c->chunked;
  c->in_body = 1;
  return (int)((size_t)(end + 4 - c->head) - before);
}

/* Whether the answer is complete with these bytes of its body. */
static int take_body(Connection *c, const char *data, int got) {
  if (!c->chunked) return (c->left -= got) <= 0;
  char joined[10];
  int last = got < 5 ? got : 5;
  memcpy(joined, c->tail, 5);
  memcpy(joined + 5, data + got - last, (size_t)last);
  memcpy(c->tail, joined + last, 5);
  return memcmp(c->tail, "0\r\n\r\n", 5) == 0;
}

static void finish_request(Connection *c) {
  double time = now();
  if (latency_count < LATENCIES_MAX) latencies[latency_count++] = (float)((time - c->started) * 1e3);
  done++;
  c->started = time;
  if (hold) {
    c->state = IDLE;
  } else if (reconnect) {
    close_connection(c);
    open_connection(c);
  } else {
    begin_request(c);
  }
}

/* Goes on with a connection as far as its socket allows. */
static void proceed(Connection *c) {
  static char data[RECORD_BYTES];
  if (c->state == HANDSHAKE) {
    int result = SSL_do_handshake(c->tls);
    if (result != 1) return wait_or_fail(c, result);
    handshakes++;
    reused += SSL_session_reused(c->tls);
    if (!reconnect) c->started = now();
    begin_request(c);
  }
  for (;;) {
    if (c->state == SENDING) {
      int result = SSL_write(c->tls, c->request, (int)c->length);
      if (result <= 0) return wait_or_fail(c, result);
      c->state = RECEIVING;
    }
    int got = SSL_read(c->tls, data, sizeof data);
    if (got <= 0) return wait_or_fail(c, got);
    bytes += got;
    int used = c->in_body ? 0 : take_head(c, data, got);
    if (!c->in_body || !take_body(c, data + used, got - used)) continue;
    finish_request(c);
    if (c->state == HANDSHAKE) return;
  }
}

static void create_context(void) {
  context = SSL_CTX_new(TLS_client_method());
  SSL_CTX_set_min_proto_version(context, TLS1_3_VERSION);
  SSL_CTX_set_verify(context, SSL_VERIFY_NONE, NULL);
  SSL_CTX_set_mode(context, SSL_MODE_RELEASE_BUFFERS);
  /* The group every contender has: no hello retry, no post-quantum share, on any side. */
  SSL_CTX_set1_groups_list(context, "X25519");
  SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL);
  SSL_CTX_sess_set_new_cb(context, keep_session);
  slot = SSL_get_ex_new_index(0, NULL, NULL, NULL, NULL);
  if (options.certificate &&
      (SSL_CTX_use_certificate_chain_file(context, options.certificate) != 1 ||
       SSL_CTX_use_PrivateKey_file(context, options.key, SSL_FILETYPE_PEM) != 1))
    die("client certificate");
}

static int by_value(const void *left, const void *right) {
  float a = *(const float *)left, b = *(const float *)right;
  return (a > b) - (a < b);
}

static void report(double seconds, long requests_measured, long bytes_measured) {
  struct rusage usage;
  getrusage(RUSAGE_SELF, &usage);
  double cpu = (double)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) +
               (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e6;
  qsort(latencies, (size_t)latency_count, sizeof *latencies, by_value);
  double half = latency_count ? latencies[latency_count / 2] : 0;
  double most = latency_count ? latencies[(long)((double)latency_count * 0.99)] : 0;
  printf("{\"perSecond\":%.1f,\"megabytesPerSecond\":%.1f,\"p50Ms\":%.3f,\"p99Ms\":%.3f,"
         "\"total\":%ld,\"handshakes\":%ld,\"reused\":%ld,\"broken\":%ld,\"refused\":%ld,"
         "\"loadCpuSeconds\":%.2f}\n",
         (double)requests_measured / seconds, (double)bytes_measured / seconds / 1e6, half, most, done,
         handshakes, reused, errors, refused, cpu);
}

int main(int count, char **values) {
  read_options(count, values);
  read_requests();
  hold = !strcmp(options.mode, "hold");
  resume = !strcmp(options.mode, "resumed");
  reconnect = resume || !strcmp(options.mode, "full");
  create_context();
  address = (struct sockaddr_in){.sin_family = AF_INET,
                                 .sin_port = htons((unsigned short)options.port),
                                 .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  queue = epoll_create1(0);
  latencies = malloc(LATENCIES_MAX * sizeof *latencies);
  Connection *all = calloc((size_t)options.connections, sizeof *all);
  double measured_from = now() + options.warm, end = measured_from + options.seconds, time;
  long done_before = 0, bytes_before = 0;
  int opened = 0, warm = 0;
  while ((time = now()) < end) {
    /* Not all in one burst: a full accept queue is not what is measured. */
    for (int more = 32; more > 0 && opened < options.connections; more--) open_connection(&all[opened++]);
    if (!warm && time >= measured_from) {
      warm = 1;
      measured_from = time;
      done_before = done;
      bytes_before = bytes;
      latency_count = 0;
    }
    struct epoll_event events[512];
    int ready = epoll_wait(queue, events, 512, opened < options.connections ? 5 : 50);
    for (int i = 0; i < ready; i++) proceed(events[i].data.ptr);
  }
  report(now() - measured_from, done - done_before, bytes - bytes_before);
  return 0;
}
