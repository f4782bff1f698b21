#define _GNU_SOURCE
#include "title.h"

#if defined(__linux__)
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

extern char **environ;

// Where the title stands: [begin, end), of which the arguments had [begin, arguments).
static char *begin, *arguments, *end;

// The fields 48 to 51 of proc_pid_stat(5): where arguments and environment begin and end. The second field is a name that
// may hold anything, a bracket too.
static int find(unsigned long place[4]) {
  char text[2048];
  FILE *file = fopen("/proc/self/stat", "re");
  if (!file) return -1;
  size_t count = fread(text, 1, sizeof text - 1, file);
  fclose(file);
  text[count] = 0;
  char *field = strrchr(text, ')');
  for (int number = 2; field && number < 48; number++) {
    field = strchr(field, ' ');
    if (field) field++;
  }
  if (!field || sscanf(field, "%lu %lu %lu %lu", &place[0], &place[1], &place[2], &place[3]) != 4) return -1;
  return place[0] && place[0] < place[1] && place[1] <= place[3] ? 0 : -1;
}

size_t bus_title_open(size_t capacity) {
  unsigned long place[4];
  if (begin || capacity < 2 || find(place) != 0) return 0;
  char *limit = (char *)place[1];
  // Behind the arguments stands the environment; the system shows what runs on into it.
  if (place[2] == place[1] && (size_t)(limit - (char *)place[0]) < capacity) {
    limit = (char *)place[0] + capacity;
    if (limit > (char *)place[3]) limit = (char *)place[3];
    for (char **variable = environ; variable && *variable; variable++) {
      if (*variable < (char *)place[2] || *variable >= limit) continue;
      char *copy = strdup(*variable);
      if (!copy) return 0;
      *variable = copy;
    }
  } else if ((size_t)(limit - (char *)place[0]) > capacity) {
    limit = (char *)place[0] + capacity;
  }
  begin = (char *)place[0];
  arguments = (char *)place[1];
  end = limit;
  return (size_t)(end - begin) - 1;
}

void bus_title_set(const char *text, size_t length) {
  if (!begin) return;
  size_t capacity = (size_t)(end - begin) - 1;
  if (length > capacity) length = capacity;
  memcpy(begin, text, length);
  memset(begin + length, 0, (size_t)(end - begin) - length);
  // What is left of longer arguments would be shown behind the title.
  if (arguments > end) memset(end, 0, (size_t)(arguments - end));
}
#else
size_t bus_title_open(size_t capacity) { return (void)capacity, (size_t)0; }
void bus_title_set(const char *text, size_t length) { (void)text, (void)length; }
#endif
