#pragma once

/// Has SQLite count no longer how much memory it has: the count takes a lock at each allocation, and nobody reads it.
/// Only before the process uses SQLite for the first time. Returns 0, or SQLITE_MISUSE when it comes too late.
int bus_sqlite_count_no_memory(void);
