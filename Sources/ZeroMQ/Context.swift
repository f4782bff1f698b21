internal import CZeroMQ

// Unchecked: libzmq's contexts may be used from every thread (zmq_ctx_new(3)), and the pointer never changes.
/// A libzmq context: the I/O threads that sockets share.
///
/// Each socket keeps its context, so that in whatever order they go, the end never waits for a socket that is open.
public final class Context: @unchecked Sendable {
  let pointer: UnsafeMutableRawPointer

  /// Makes a context; its I/O threads start with its first socket.
  public init(ioThreads: Int = 1, maxSockets: Int = 4096) throws(ZeroMQError) {
    guard let pointer = zmq_ctx_new() else { throw ZeroMQError(cannot: "make a context") }
    guard zmq_ctx_set(pointer, ZMQ_IO_THREADS, Int32(clamping: ioThreads)) == 0,
      zmq_ctx_set(pointer, ZMQ_MAX_SOCKETS, Int32(clamping: maxSockets)) == 0
    else {
      let error = ZeroMQError(cannot: "make a context of \(ioThreads) I/O threads and \(maxSockets) sockets")
      zmq_ctx_term(pointer)
      throw error
    }
    self.pointer = pointer
  }

  deinit {
    // All sockets are closed, and none lingers for ever: only a signal can cut this short.
    while zmq_ctx_term(pointer) != 0, zmq_errno() == EINTR {}
  }
}
