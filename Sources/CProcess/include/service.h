#pragma once

#include <stddef.h>

// A datagram socket with an abstract name of the system's choosing, which no child inherits and which never blocks.
//
// Writes the name as NOTIFY_SOCKET has it ("@00a1f"). Answers the descriptor, or -1.
int bus_service_socket(char *name, size_t capacity);

// Receives one datagram, of this user or of root: its length, 0 for one of somebody else, -1 when none is there.
long bus_service_receive(int descriptor, void *bytes, size_t capacity);
