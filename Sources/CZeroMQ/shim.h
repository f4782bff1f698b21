#ifndef CZEROMQ_SHIM_H
#define CZEROMQ_SHIM_H

#include <zmq.h>

// Hidden behind the draft switch of zmq.h 4.3, yet honoured by the library.
#ifndef ZMQ_ZAP_ENFORCE_DOMAIN
#define ZMQ_ZAP_ENFORCE_DOMAIN 93
#endif

#if defined(__linux__)
#include <sys/eventfd.h>
#include <sys/prctl.h>

// prctl is variadic, which Swift does not import.
static inline void bus_set_thread_name(const char *name) { prctl(PR_SET_NAME, name, 0, 0, 0); }
#endif

#endif
