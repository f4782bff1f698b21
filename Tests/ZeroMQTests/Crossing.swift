import Synchronization

@testable import ZeroMQ

/// Runs the closure on the thread and waits for it.
func onLoop<R: Sendable>(_ thread: SocketThread, _ work: @escaping @Sendable () -> R) async -> R {
  await withCheckedContinuation { continuation in thread.perform { continuation.resume(returning: work()) } }
}

/// Hands something from thread to thread; the test sees to it that they take turns.
final class Transferred<Value>: @unchecked Sendable {
  private let held: Locked<Value?>

  init(_ value: sending Value?) { held = Locked(value) }

  var value: Value? {
    get { held.withLock { $0 } }
    set {
      // The old value ends outside the lock.
      let old = held.withLock { held in
        defer { held = newValue }
        return held
      }
      withExtendedLifetime(old) {}
    }
  }
}

/// Knows whether a socket is still open.
final class WeakHandle: @unchecked Sendable {
  private weak let handle: SocketHandle?

  init(_ handle: SocketHandle) { self.handle = handle }

  var isAlive: Bool { handle != nil }

  /// Waits until the socket is closed.
  func end() async { while isAlive { await Task.yield() } }
}

/// Counts from all threads.
final class Counter: Sendable {
  private let count = Atomic<Int>(0)

  func add() { count.add(1, ordering: .relaxed) }
  var value: Int { count.load(ordering: .relaxed) }
}
