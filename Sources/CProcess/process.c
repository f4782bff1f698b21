#define _GNU_SOURCE
#include "process.h"

#if defined(__linux__)
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <sys/syscall.h>
#include <unistd.h>

// A descriptor of the process says when it ends. The kernel's death signal says it of the thread that started this
// process, which ends earlier, and only of the parent, which is a shell where one stands in between.
static void *watch(void *descriptor) {
  struct pollfd ended = {.fd = (int)(intptr_t)descriptor, .events = POLLIN};
  while (poll(&ended, 1, -1) < 0 && errno == EINTR) {}
  kill(getpid(), SIGTERM);
  close(ended.fd);
  return 0;
}

int bus_end_with(pid_t supervisor) {
  int descriptor = (int)syscall(SYS_pidfd_open, supervisor, 0);
  if (descriptor < 0) return errno == ESRCH ? 1 : -1;
  // Signals are for the threads that expect them.
  sigset_t all, before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  pthread_t thread;
  int failure = pthread_create(&thread, 0, watch, (void *)(intptr_t)descriptor);
  pthread_sigmask(SIG_SETMASK, &before, 0);
  if (failure != 0) {
    close(descriptor);
    return -1;
  }
  pthread_detach(thread);
  return 0;
}
#else
int bus_end_with(pid_t supervisor) {
  (void)supervisor;
  return -1;
}
#endif
