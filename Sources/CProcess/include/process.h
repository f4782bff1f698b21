#pragma once

// Has this process get SIGTERM when the process that started it ends, however that ends.
//
// Answers 0, or 1 when that process has ended already, or -1 where it cannot be asked for.
int bus_end_with_parent(void);
