#pragma once

// Has all threads take their memory from one heap, of which bus_memory_trim() gives back all that is free: of a thread's
// own heap the end would stay. To be called before there are threads. Does nothing where the allocator is another one.
void bus_memory_share(void);

// Gives back to the system what the process has freed and its allocator kept: as much as was in use at once. Takes a
// millisecond or a few.
void bus_memory_trim(void);
