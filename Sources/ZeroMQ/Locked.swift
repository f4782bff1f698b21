#if canImport(Glibc)
  internal import Glibc
#elseif canImport(Musl)
  internal import Musl
#else
  internal import Darwin
#endif

// Unchecked: the value is reached through the lock alone.
/// A value behind a lock that the thread sanitizer sees.
///
/// It does not see `Synchronization.Mutex` on Linux, whose slow path is in a library without instrumentation, and
/// takes what is guarded by it for races. Here all threads meet, so here it has to be able to tell.
final class Locked<Value>: @unchecked Sendable {
  private var value: Value
  private let mutex = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)

  init(_ value: sending Value) {
    self.value = value
    pthread_mutex_init(mutex, nil)
  }

  deinit {
    pthread_mutex_destroy(mutex)
    mutex.deallocate()
  }

  /// Calls the closure while nobody else has the value. Let nothing end in there that may come back here.
  func withLock<R>(_ body: (inout Value) -> R) -> R {
    pthread_mutex_lock(mutex)
    defer { pthread_mutex_unlock(mutex) }
    return body(&value)
  }
}
