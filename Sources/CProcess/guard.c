#if defined(__linux__)
#define _GNU_SOURCE
#endif

#include "guard.h"

#if defined(__linux__)
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

enum { group_limit = 16384, check_milliseconds = 20 };
enum kind { add, drop, grace };

struct word {
  enum kind kind;
  int value;
};

struct group {
  pid_t id;
  int output;  // Never blocks; -1 for none.
};

union rights {
  struct cmsghdr header;
  char bytes[CMSG_SPACE(sizeof(int))];
};

static struct group groups[group_limit];
static int group_count;

static void forget(int index) {
  if (groups[index].output >= 0) close(groups[index].output);
  groups[index] = groups[--group_count];
}

static void take(struct word word, int output) {
  if (word.kind == add && group_count < group_limit)
    groups[group_count++] = (struct group){word.value, output};
  else if (output >= 0)
    close(output);
  for (int i = 0; word.kind == drop && i < group_count; i++)
    if (groups[i].id == word.value) forget(i);
}

// Sends the signal to all groups, reads what they say, and forgets those that are gone.
static void signal_groups(int signal) {
  static char bytes[4096];
  for (int i = 0; i < group_count;) {
    while (groups[i].output >= 0 && read(groups[i].output, bytes, sizeof bytes) > 0) {}
    if (kill(-groups[i].id, signal) != 0 && errno == ESRCH)
      forget(i);
    else
      i++;
  }
}

// The next word, and the descriptor that came with it or -1; false at the end.
static int receive(int descriptor, struct word *word, int *output) {
  union rights rights;
  struct iovec part = {.iov_base = word, .iov_len = sizeof *word};
  struct msghdr message = {
      .msg_iov = &part, .msg_iovlen = 1, .msg_control = &rights, .msg_controllen = sizeof rights};
  long count;
  while ((count = recvmsg(descriptor, &message, 0)) < 0 && errno == EINTR) {}
  *output = -1;
  struct cmsghdr *header = count > 0 ? CMSG_FIRSTHDR(&message) : 0;
  if (header && header->cmsg_type == SCM_RIGHTS) memcpy(output, CMSG_DATA(header), sizeof *output);
  return count == sizeof *word;
}

static long now_milliseconds(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

// Runs in a copy of a process with many threads, of which only this one was copied: it calls nothing but the system.
static void serve(int descriptor) {
  int milliseconds = 0;
  int output;
  struct word word;
  while (receive(descriptor, &word, &output)) {
    if (word.kind == grace) milliseconds = word.value;
    take(word, output);
  }
  long deadline = now_milliseconds() + milliseconds;
  signal_groups(SIGTERM);
  while (group_count > 0 && now_milliseconds() < deadline) {
    poll(0, 0, check_milliseconds);
    signal_groups(0);
  }
  signal_groups(SIGKILL);
}

int bus_guard_start(void) {
  int ends[2];
  if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) != 0) return -1;
  sigset_t all, before;
  sigfillset(&all);
  // Nobody's signal is to end it: a terminal sends its own to all.
  sigprocmask(SIG_SETMASK, &all, &before);
  pid_t pid = fork();
  if (pid == 0) {
    setsid();
    prctl(PR_SET_NAME, "bus-guard", 0, 0, 0);
    int descriptor = dup2(ends[1], 0);
    // Whoever reads what this process wrote must see its end.
    if (syscall(SYS_close_range, 1U, ~0U, 0U) != 0)
      for (int open = 1; open < 65536; open++) close(open);
    serve(descriptor);
    _exit(0);
  }
  sigprocmask(SIG_SETMASK, &before, 0);
  close(ends[1]);
  if (pid > 0) return ends[0];
  close(ends[0]);
  return -1;
}

static void tell(int guard, enum kind kind, int value, int output) {
  struct word word = {kind, value};
  union rights rights = {0};
  struct iovec part = {.iov_base = &word, .iov_len = sizeof word};
  struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1};
  if (output >= 0) {
    message.msg_control = &rights;
    message.msg_controllen = sizeof rights;
    struct cmsghdr *header = CMSG_FIRSTHDR(&message);
    header->cmsg_level = SOL_SOCKET;
    header->cmsg_type = SCM_RIGHTS;
    header->cmsg_len = CMSG_LEN(sizeof output);
    memcpy(CMSG_DATA(header), &output, sizeof output);
  }
  while (sendmsg(guard, &message, MSG_NOSIGNAL) < 0 && errno == EINTR) {}
}

void bus_guard_add(int guard, pid_t group, int output) { tell(guard, add, group, output); }
void bus_guard_remove(int guard, pid_t group) { tell(guard, drop, group, -1); }
void bus_guard_grace(int guard, int milliseconds) { tell(guard, grace, milliseconds, -1); }
#else
int bus_guard_start(void) { return -1; }
void bus_guard_add(int guard, pid_t group, int output) { (void)guard, (void)group, (void)output; }
void bus_guard_remove(int guard, pid_t group) { (void)guard, (void)group; }
void bus_guard_grace(int guard, int milliseconds) { (void)guard, (void)milliseconds; }
#endif
