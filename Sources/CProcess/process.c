#include "process.h"

#if defined(__linux__)
#include <signal.h>
#include <sys/prctl.h>

// prctl is variadic, which Swift does not import.
void bus_end_with_parent(void) { prctl(PR_SET_PDEATHSIG, SIGTERM, 0, 0, 0); }
#else
void bus_end_with_parent(void) {}
#endif
