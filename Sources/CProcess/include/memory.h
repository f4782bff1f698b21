#pragma once

// Gives back to the system what the process has freed and its allocator kept: as much as was in use at once, in each
// thread's arena. Takes a millisecond or a few; where the allocator cannot be asked it does nothing.
void bus_memory_trim(void);
