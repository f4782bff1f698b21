#ifndef BUS_ALLOCATIONS_H
#define BUS_ALLOCATIONS_H

#include <stdint.h>

/// How often the calling thread has asked for memory since it began; -1 where nobody counts.
int64_t bus_allocation_count(void);

#endif
