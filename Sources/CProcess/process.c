#include "process.h"

#if defined(__linux__)
#include <signal.h>
#include <sys/prctl.h>
#include <sys/types.h>
#include <unistd.h>

static pid_t parent;

// The kernel sends the signal when the thread ends that started this process, also while its process lives on: only
// another parent means that the parent has gone. The signal stays asked for, for the parent's remaining threads.
static void parent_thread_ended(int signal) {
  (void)signal;
  if (getppid() != parent) kill(getpid(), SIGTERM);
}

int bus_end_with_parent(void) {
  parent = getppid();
  struct sigaction action = {0};
  action.sa_handler = parent_thread_ended;
  action.sa_flags = SA_RESTART;
  // SIGURG carries the news: by default it is ignored, so it harms nobody who starts a program of another kind.
  if (sigaction(SIGURG, &action, 0) != 0) return -1;
  if (prctl(PR_SET_PDEATHSIG, SIGURG, 0, 0, 0) != 0) return -1;
  return getppid() != parent;
}
#else
int bus_end_with_parent(void) { return -1; }
#endif
