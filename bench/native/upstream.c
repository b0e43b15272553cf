/*
 * The workload behind every proxy: HTTP/1.1 on 127.0.0.1, one thread, keep-alive.
 *   upstream PORT
 * GET /1m answers 1 MiB, everything else 256 bytes. Nothing is logged and no request body is read,
 * so that what is measured is the proxy.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

enum { SMALL_BODY = 256, LARGE_BODY = 1 << 20, CONNECTIONS_MAX = 65536, HEAD_MAX = 16384 };

typedef struct {
  char head[HEAD_MAX];
  size_t have;
  const char *out;
  size_t left;
  int waits_for_room;
} Connection;

typedef struct {
  char *bytes;
  size_t length;
} Answer;

static Connection *connections[CONNECTIONS_MAX];
static Answer small, large;
static int queue;

static Answer answer_of(size_t body) {
  Answer answer = {malloc(body + 1024), 0};
  int head = sprintf(answer.bytes,
                     "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %zu\r\n"
                     "Date: Mon, 23 Nov 2026 15:00:00 GMT\r\nServer: upstream\r\n"
                     "Cache-Control: no-store\r\nX-Content-Type-Options: nosniff\r\n\r\n",
                     body);
  memset(answer.bytes + head, 'x', body);
  answer.length = (size_t)head + body;
  return answer;
}

static void watch(int fd, int operation, unsigned events) {
  struct epoll_event event = {.events = events, .data.fd = fd};
  epoll_ctl(queue, operation, fd, &event);
}

static void accept_all(int listener) {
  int fd, one = 1;
  while ((fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK)) >= 0) {
    if (fd >= CONNECTIONS_MAX) {
      close(fd);
      continue;
    }
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    connections[fd] = calloc(1, sizeof(Connection));
    watch(fd, EPOLL_CTL_ADD, EPOLLIN);
  }
}

/* Takes the next whole request head from the buffer; 0 when there is none. */
static int take_request(Connection *c) {
  char *end = memmem(c->head, c->have, "\r\n\r\n", 4);
  if (!end) return 0;
  Answer answer = memcmp(c->head, "GET /1m", 7) == 0 ? large : small;
  c->out = answer.bytes;
  c->left = answer.length;
  size_t used = (size_t)(end + 4 - c->head);
  memmove(c->head, end + 4, c->have - used);
  c->have -= used;
  return 1;
}

/* Answers every request that has arrived; 0 when the connection is broken. */
static int serve(int fd, Connection *c) {
  for (;;) {
    if (c->left == 0 && !take_request(c)) break;
    ssize_t written = write(fd, c->out, c->left);
    if (written < 0) {
      if (errno != EAGAIN) return 0;
      if (!c->waits_for_room) watch(fd, EPOLL_CTL_MOD, EPOLLIN | EPOLLOUT);
      c->waits_for_room = 1;
      return 1;
    }
    c->out += written;
    c->left -= (size_t)written;
  }
  if (c->waits_for_room) watch(fd, EPOLL_CTL_MOD, EPOLLIN);
  c->waits_for_room = 0;
  return 1;
}

static int receive(int fd, Connection *c) {
  if (c->have == HEAD_MAX) return 0;
  ssize_t got = read(fd, c->head + c->have, HEAD_MAX - c->have);
  if (got == 0 || (got < 0 && errno != EAGAIN)) return 0;
  if (got > 0) c->have += (size_t)got;
  return 1;
}

static int listen_on(int port) {
  int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0), one = 1;
  setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
  struct sockaddr_in address = {.sin_family = AF_INET,
                                .sin_port = htons((unsigned short)port),
                                .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  if (bind(fd, (void *)&address, sizeof address) || listen(fd, 4096)) {
    perror("upstream");
    exit(1);
  }
  return fd;
}

int main(int count, char **arguments) {
  if (count != 2) return 2;
  signal(SIGPIPE, SIG_IGN);
  small = answer_of(SMALL_BODY);
  large = answer_of(LARGE_BODY);
  queue = epoll_create1(0);
  int listener = listen_on(atoi(arguments[1]));
  watch(listener, EPOLL_CTL_ADD, EPOLLIN);
  for (;;) {
    struct epoll_event events[256];
    int ready = epoll_wait(queue, events, 256, -1);
    for (int i = 0; i < ready; i++) {
      int fd = events[i].data.fd;
      if (fd == listener) {
        accept_all(listener);
        continue;
      }
      Connection *c = connections[fd];
      int alive = events[i].events & EPOLLIN ? receive(fd, c)
                                             : !(events[i].events & (EPOLLHUP | EPOLLERR));
      if (alive && serve(fd, c)) continue;
      close(fd);
      free(c);
      connections[fd] = NULL;
    }
  }
}
