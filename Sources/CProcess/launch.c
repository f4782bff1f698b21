#define _GNU_SOURCE
#include "launch.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stddef.h>
#include <unistd.h>

// Writes the number in decimal, without the library: this is a copy of a process with many threads.
static void write_number(char *text, pid_t number) {
  char digits[11];
  int count = 0;
  do digits[count++] = (char)('0' + number % 10);
  while ((number /= 10) > 0 && count < 10);
  while (count > 0) *text++ = digits[--count];
  *text = 0;
}

static int set_input(int input) {
  if (input < 0) input = open("/dev/null", O_RDONLY);
  return input < 0 ? -1 : dup2(input, STDIN_FILENO);
}

// Puts every descriptor where the program looks for it; false when one cannot be put there (see errno).
static int arrange(const struct bus_launch *launch, int *report) {
  int moved[bus_listen_limit];
  int first = STDERR_FILENO + 1;
  int free = first + launch->socket_count;
  // Out of the way first: each may stand where another one has to.
  if ((*report = fcntl(*report, F_DUPFD_CLOEXEC, free)) < 0) return 0;
  int output = fcntl(launch->output, F_DUPFD_CLOEXEC, free);
  int input = launch->input < 0 ? -1 : fcntl(launch->input, F_DUPFD_CLOEXEC, free);
  if (output < 0 || (launch->input >= 0 && input < 0)) return 0;
  for (int i = 0; i < launch->socket_count; i++)
    if ((moved[i] = fcntl(launch->sockets[i], F_DUPFD_CLOEXEC, free)) < 0) return 0;
  for (int i = 0; i < launch->socket_count; i++)
    if (dup2(moved[i], first + i) < 0) return 0;
  return set_input(input) >= 0 && dup2(output, STDOUT_FILENO) >= 0 && dup2(output, STDERR_FILENO) >= 0;
}

// The copy: it calls nothing but the system, and ends as another program or not at all.
static _Noreturn void become(const struct bus_launch *launch, int report) {
  setpgid(0, 0);
  struct sigaction standard = {.sa_handler = SIG_DFL};
  for (int number = 1; number < NSIG; number++) sigaction(number, &standard, NULL);
  if (arrange(launch, &report)) {
    if (launch->own_pid) write_number(launch->own_pid, getpid());
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    execve(launch->path, launch->arguments, launch->environment);
  }
  int failure = errno;
  while (report >= 0 && write(report, &failure, sizeof failure) < 0 && errno == EINTR) {}
  _exit(127);
}

int bus_spawn_listening(const struct bus_launch *launch, pid_t *pid) {
  if (launch->socket_count < 0 || launch->socket_count > bus_listen_limit) return EINVAL;
  int ends[2];
  if (pipe(ends) != 0) return errno;
  fcntl(ends[0], F_SETFD, FD_CLOEXEC);
  fcntl(ends[1], F_SETFD, FD_CLOEXEC);
  sigset_t all, before;
  sigfillset(&all);
  // Until it is another program, nothing may run in it what handles a signal here.
  sigprocmask(SIG_SETMASK, &all, &before);
  *pid = fork();
  int failure = *pid < 0 ? errno : 0;
  if (*pid == 0) become(launch, ends[1]);
  sigprocmask(SIG_SETMASK, &before, NULL);
  close(ends[1]);
  if (failure == 0) {
    ssize_t count;
    while ((count = read(ends[0], &failure, sizeof failure)) < 0 && errno == EINTR) {}
    // The end of the file: it runs.
    if (count != sizeof failure) failure = 0;
  }
  close(ends[0]);
  return failure;
}
