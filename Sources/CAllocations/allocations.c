#include "allocations.h"

#include <stddef.h>

#if defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer) || __has_feature(memory_sanitizer)
#define BUS_SANITIZED 1
#endif
#endif

#if defined(__linux__) && defined(__GLIBC__) && !defined(BUS_SANITIZED)

// A program's own malloc goes before the C library's; __libc_malloc is the same function under the name that stays.
// A sanitizer brings its own, which has to be left alone.
extern void *__libc_malloc(size_t size);
extern void *__libc_calloc(size_t count, size_t size);
extern void *__libc_realloc(void *block, size_t size);

// In the program's own block of the thread, so that looking at it asks for no memory.
static __thread int64_t count __attribute__((tls_model("initial-exec")));

void *malloc(size_t size) {
  count++;
  return __libc_malloc(size);
}

void *calloc(size_t number, size_t size) {
  count++;
  return __libc_calloc(number, size);
}

void *realloc(void *block, size_t size) {
  count++;
  return __libc_realloc(block, size);
}

int64_t bus_allocation_count(void) { return count; }

#else

int64_t bus_allocation_count(void) { return -1; }

#endif
