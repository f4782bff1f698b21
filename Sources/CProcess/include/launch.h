#pragma once

#include <sys/types.h>

// The most sockets that one process is given.
enum { bus_listen_limit = 64 };

// A process that is to find listening sockets as its descriptors 3, 4 …
struct bus_launch {
  const char *path;
  char *const *arguments;
  char *const *environment;
  // Where in the environment the digits of its own number go, with room for 11 bytes; null for nowhere.
  char *own_pid;
  // What it reads; -1 for nothing. Where both its outputs go.
  int input;
  int output;
  const int *sockets;
  int socket_count;
};

// Starts it in a group of its own, with default signals. Answers 0 and its number, or why there is none (as errno).
//
// posix_spawn(3) cannot: only the process itself knows the number that LISTEN_PID has to be.
int bus_spawn_listening(const struct bus_launch *launch, pid_t *pid);
