/* Options and requests of load.c; see there. */
#pragma once

static struct {
  const char *mode, *name, *certificate, *key, *requests;
  int port, connections;
  double seconds, warm;
} options = {.mode = "keep-alive", .connections = 64, .seconds = 5, .warm = 1};

static struct {
  const char *bytes;
  size_t length;
} *requests;
static size_t request_count, next_request;

static void die(const char *what) {
  fprintf(stderr, "load: %s: %s\n", what, strerror(errno));
  ERR_print_errors_fp(stderr);
  exit(1);
}

static void read_requests(void) {
  FILE *file = fopen(options.requests, "rb");
  if (!file) die(options.requests);
  size_t length, room = 0;
  while (fscanf(file, "%zu", &length) == 1 && fgetc(file) == '\n') {
    char *request = malloc(length);
    if (fread(request, 1, length, file) != length) die("a request that is too short");
    if (request_count == room) {
      room = room ? room * 2 : 64;
      requests = realloc(requests, room * sizeof *requests);
    }
    requests[request_count].bytes = request;
    requests[request_count++].length = length;
  }
  fclose(file);
  if (request_count == 0) die("no requests");
}

static void read_options(int count, char **values) {
  static const struct option names[] = {
      {"mode", 1, 0, 'm'}, {"port", 1, 0, 'p'},        {"seconds", 1, 0, 's'},
      {"warm", 1, 0, 'w'}, {"connections", 1, 0, 'n'}, {"name", 1, 0, 'h'},
      {"cert", 1, 0, 'c'}, {"key", 1, 0, 'k'},         {"requests", 1, 0, 'r'},
      {0, 0, 0, 0}};
  for (int name; (name = getopt_long(count, values, "", names, NULL)) != -1;) {
    switch (name) {
      case 'm': options.mode = optarg; break;
      case 'p': options.port = atoi(optarg); break;
      case 's': options.seconds = atof(optarg); break;
      case 'w': options.warm = atof(optarg); break;
      case 'n': options.connections = atoi(optarg); break;
      case 'h': options.name = optarg; break;
      case 'c': options.certificate = optarg; break;
      case 'k': options.key = optarg; break;
      case 'r': options.requests = optarg; break;
      default: exit(2);
    }
  }
}
