#pragma once

#include <sys/types.h>

// Starts a process that outlives this one for as long as it takes to end what this one leaves behind: when this process
// ends, however that happens, the guard sends SIGTERM to the groups that it was told of, and SIGKILL after the grace.
//
// It does not end when this process becomes another program that keeps the descriptor.
//
// Answers the descriptor over which it is told, or -1.
int bus_guard_start(void);

// Tells the guard of a group: that it is there, and where its output is read, that it is gone, or how long all have to
// end. While they end, the guard reads their output, or their first word would be their last.
void bus_guard_add(int guard, pid_t group, int output);
void bus_guard_remove(int guard, pid_t group);
void bus_guard_grace(int guard, int milliseconds);
