#pragma once

#include <sys/types.h>

// Has this process get SIGTERM when another one ends, however that ends: its supervisor, also from behind a shell.
//
// Answers 0, or 1 when that process has ended already, or -1 where the system cannot be asked for it.
int bus_end_with(pid_t supervisor);
