internal import CZeroMQ
internal import Synchronization

// Unchecked: the pointer is used by the thread that owns the socket, and closed by whoever lets go of it last, which
// the reference count orders after all use. What several threads may touch is behind the lock.
/// A libzmq socket, kept open by all who need it: its ``Socket``, the watch of a thread, a monitor.
final class SocketHandle: @unchecked Sendable {
  let pointer: UnsafeMutableRawPointer
  let kind: SocketKind
  let context: Context
  private let state = Locked(State())

  private static let monitors = Atomic<UInt64>(0)

  private struct State {
    var watch: (thread: SocketThread, id: WatchID)?
    var isMonitored = false
  }

  init(_ kind: SocketKind, in context: Context) throws(ZeroMQError) {
    guard let pointer = zmq_socket(context.pointer, kind.rawValue) else {
      throw ZeroMQError(cannot: "make a \(kind) socket")
    }
    self.pointer = pointer
    self.kind = kind
    self.context = context
  }

  // The context is released after this, so its end finds the socket closed.
  deinit { zmq_close(pointer) }

  /// Notes which thread watches the socket; false when one does already.
  func beginWatch(by thread: SocketThread, _ id: WatchID) -> Bool {
    state.withLock { state in
      guard state.watch == nil else { return false }
      state.watch = (thread, id)
      return true
    }
  }

  func endWatch() { _ = takeWatch() }

  /// Ends the watch of a socket that nobody can read from any more.
  func abandon() {
    guard let (thread, id) = takeWatch() else { return }
    thread.performHere { thread.unwatch(id) }
  }

  private func takeWatch() -> (thread: SocketThread, id: WatchID)? {
    state.withLock { state in
      defer { state.watch = nil }
      return state.watch
    }
  }

  /// Begins to tell events at an inproc endpoint, which it returns; nil when it does already.
  func beginMonitor(events: Int32) throws(ZeroMQError) -> String? {
    let isFirst = state.withLock { state in
      defer { state.isMonitored = true }
      return !state.isMonitored
    }
    guard isFirst else { return nil }
    // libzmq gives a name back some time after its socket is closed, so none is used twice.
    let endpoint = "inproc://monitor-\(SocketHandle.monitors.add(1, ordering: .relaxed).newValue)"
    guard zmq_socket_monitor(pointer, endpoint, events) == 0 else {
      let error = ZeroMQError(cannot: "monitor a \(kind) socket")
      state.withLock { $0.isMonitored = false }
      throw error
    }
    return endpoint
  }

  func endMonitor() {
    zmq_socket_monitor(pointer, nil, 0)
    state.withLock { $0.isMonitored = false }
  }
}
