// What libzmq and the disk leave to any broker that acknowledges what is on disk: one publisher with a window, one
// process that takes all that waits, writes it with one call, syncs once, and says up to which number all is kept.
//
//   ceiling DIRECTORY SIZE COUNT WINDOW     prints how many were acknowledged a second
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include <zmq.h>

enum { most = 4096 };

static void end(const char *what) {
  fprintf(stderr, "ceiling: %s: %s\n", what, strerror(errno));
  exit(1);
}

static void *open_socket(void *context, int kind) {
  void *socket = zmq_socket(context, kind);
  int unlimited = 0;
  if (!socket) end("a socket");
  zmq_setsockopt(socket, ZMQ_SNDHWM, &unlimited, sizeof unlimited);
  zmq_setsockopt(socket, ZMQ_RCVHWM, &unlimited, sizeof unlimited);
  return socket;
}

// Takes a message of three frames (who, number, data) behind the group; returns its length, 0 when none waits.
static size_t take(void *socket, char *who, size_t *who_size, uint64_t *number, char *group, size_t room) {
  int size = zmq_recv(socket, who, 256, ZMQ_DONTWAIT);
  if (size < 0) {
    if (errno == EAGAIN) return 0;
    end("receiving");
  }
  *who_size = (size_t)size;
  if (zmq_recv(socket, number, sizeof *number, 0) != sizeof *number) end("a number");
  memcpy(group, number, sizeof *number);
  size = zmq_recv(socket, group + sizeof *number, room, 0);
  if (size < 0 || (size_t)size > room) end("data");
  return sizeof *number + (size_t)size;
}

static void serve(const char *address, const char *path, size_t data_size) {
  void *socket = open_socket(zmq_ctx_new(), ZMQ_ROUTER);
  if (zmq_bind(socket, address)) end(address);
  int file = open(path, O_CREAT | O_WRONLY | O_TRUNC | O_APPEND, 0600);
  size_t room = data_size + sizeof(uint64_t);
  char *group = malloc(most * room), who[256];
  if (file < 0 || !group) end(path);
  for (;;) {
    zmq_pollitem_t item = {socket, 0, ZMQ_POLLIN, 0};
    if (zmq_poll(&item, 1, -1) < 0) end("waiting");
    size_t length = 0, who_size = 0, one;
    uint64_t number = 0;
    for (int count = 0; count < most; count++, length += one)
      if (!(one = take(socket, who, &who_size, &number, group + length, data_size))) break;
    if (!length) continue;
    if (write(file, group, length) != (ssize_t)length || fdatasync(file)) end(path);
    zmq_send(socket, who, who_size, ZMQ_SNDMORE);
    zmq_send(socket, &number, sizeof number, 0);
  }
}

static double now(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

static double publish(const char *address, size_t size, uint64_t count, uint64_t window) {
  void *socket = open_socket(zmq_ctx_new(), ZMQ_DEALER);
  if (zmq_connect(socket, address)) end(address);
  char *data = malloc(size);
  if (!data) end("memory");
  memset(data, 'x', size);
  uint64_t sent = 0, kept = 0;
  double begin = now();
  while (kept < count) {
    for (; sent < count && sent - kept < window; ) {
      sent++;
      zmq_send(socket, &sent, sizeof sent, ZMQ_SNDMORE);
      zmq_send(socket, data, size, 0);
    }
    if (zmq_recv(socket, &kept, sizeof kept, 0) != sizeof kept) end("an acknowledgement");
  }
  return (double)count / (now() - begin);
}

int main(int count, char **words) {
  if (count != 5) {
    fprintf(stderr, "usage: ceiling DIRECTORY SIZE COUNT WINDOW\n");
    return 64;
  }
  char address[300], path[300];
  snprintf(address, sizeof address, "ipc://%s/ceiling.ipc", words[1]);
  snprintf(path, sizeof path, "%s/ceiling.log", words[1]);
  size_t size = strtoul(words[2], NULL, 10);
  pid_t server = fork();
  if (server < 0) end("fork");
  if (server == 0) serve(address, path, size);
  double rate = publish(address, size, strtoull(words[3], NULL, 10), strtoull(words[4], NULL, 10));
  kill(server, SIGKILL);
  waitpid(server, NULL, 0);
  unlink(path);
  printf("%.0f\n", rate);
  return 0;
}
