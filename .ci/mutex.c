// Shows the thread sanitizer the slow path of Synchronization.Mutex.
//
// On Linux that path is in a library without instrumentation: where two threads wait for a mutex, what one wrote looks
// unordered to the other, and everything behind a mutex is taken for a race. .ci/sanitize loads this before the tests, so
// that it stands between them and the library. Where a new library has other names, the false reports come back.

#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdint.h>
#include <stdlib.h>

#define LOCK "$s15Synchronization12_MutexHandleV9_lockSlowyys6UInt32VF"
#define UNLOCK "$s15Synchronization12_MutexHandleV11_unlockSlowyyF"
#define SELF __attribute__((swift_context)) void *self

// In programs that are built with the sanitizer; the package manager, which runs the tests, is not.
void __tsan_acquire(void *) __attribute__((weak));
void __tsan_release(void *) __attribute__((weak));

static void *next(const char *name) {
  void *found = dlsym(RTLD_NEXT, name);
  if (!found) abort();
  return found;
}

__attribute__((swiftcall)) void lock_slow(uint32_t thread, SELF) __asm__(LOCK);
__attribute__((swiftcall)) void unlock_slow(SELF) __asm__(UNLOCK);

__attribute__((swiftcall)) void lock_slow(uint32_t thread, SELF) {
  static __attribute__((swiftcall)) void (*real)(uint32_t, SELF);
  if (!real) real = next(LOCK);
  real(thread, self);
  if (__tsan_acquire) __tsan_acquire(self);
}

__attribute__((swiftcall)) void unlock_slow(SELF) {
  static __attribute__((swiftcall)) void (*real)(SELF);
  if (!real) real = next(UNLOCK);
  if (__tsan_release) __tsan_release(self);
  real(self);
}
