#define _GNU_SOURCE
#include "takeover.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const int numbers[] = {SIGINT, SIGTERM, SIGHUP, SIGUSR1, SIGUSR2};
enum { number_count = sizeof numbers / sizeof *numbers };

static int output = -1;

// Runs in the middle of anything: it may only write a byte.
static void note(int number) {
  int saved = errno;
  unsigned char byte = (unsigned char)number;
  if (write(output, &byte, 1) < 0) {
    // The pipe is full of signals that nobody has read: one more says nothing new.
  }
  errno = saved;
}

static void fill(sigset_t *set) {
  sigemptyset(set);
  for (int i = 0; i < number_count; i++) sigaddset(set, numbers[i]);
}

static sigset_t before;

void bus_takeover_block(void) {
  sigset_t set;
  fill(&set);
  pthread_sigmask(SIG_SETMASK, &set, &before);
}

void bus_takeover_unblock(void) { pthread_sigmask(SIG_SETMASK, &before, NULL); }

// A thread of the runtime waits with no signal blocked from before the first line of the program on.
__attribute__((constructor)) static void take_early(void) {
  const char *text = getenv(BUS_TAKEOVER_VARIABLE);
  const char *colon = text ? strchr(text, ':') : NULL;
  long descriptor = colon ? strtol(colon + 1, NULL, 10) : -1;
  if (descriptor <= STDERR_FILENO || descriptor > 1 << 30) return;
  output = (int)descriptor;
  struct sigaction action = {.sa_handler = note, .sa_flags = SA_RESTART};
  for (int i = 0; i < number_count; i++) sigaction(numbers[i], &action, NULL);
  sigset_t set;
  fill(&set);
  sigprocmask(SIG_UNBLOCK, &set, NULL);
}
