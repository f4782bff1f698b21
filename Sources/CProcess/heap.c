#include "heap.h"

#if defined(__linux__)
#include <features.h>
#endif

#if defined(__GLIBC__)
#include <malloc.h>

void bus_memory_share(void) { mallopt(M_ARENA_MAX, 1); }

void bus_memory_trim(void) { malloc_trim(0); }
#else
void bus_memory_share(void) {}

void bus_memory_trim(void) {}
#endif
