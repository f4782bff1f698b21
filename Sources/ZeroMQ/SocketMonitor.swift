internal import CZeroMQ

/// What happens to a socket's connections, told on a socket thread until it is let go of.
///
/// It may be let go of on any thread, before or after its socket, which stays open until the thread has ended both.
public final class SocketMonitor: Sendable {
  /// One thing that happened to a connection, or to what makes connections.
  public enum Event: Hashable, Sendable {
    /// The socket listens.
    case listening
    /// The endpoint could not be bound; the errno.
    case bindFailed(Int)
    /// A connection was made; the handshake comes next.
    case connected
    /// There is no connection; the milliseconds until the next try.
    case retrying(Int)
    /// A peer was accepted; the handshake comes next.
    case accepted
    /// A peer could not be accepted; the errno, such as that of too many open files.
    case acceptFailed(Int)
    /// Both sides understand each other.
    case handshakeSucceeded
    /// The peer is no ZeroMQ, or speaks another mechanism; libzmq's own number. A client does not try again.
    case handshakeFailed(Int)
    /// The keys were refused; the status of the ``ZapHandler``'s answer. A client does not try again.
    case authenticationFailed(Int)
    /// The connection is gone.
    case disconnected

    /// An event of libzmq's; nil for one that is not told.
    init?(number: Int32, value: Int) {
      switch number {
      case ZMQ_EVENT_LISTENING: self = .listening
      case ZMQ_EVENT_BIND_FAILED: self = .bindFailed(value)
      case ZMQ_EVENT_CONNECTED: self = .connected
      case ZMQ_EVENT_CONNECT_RETRIED: self = .retrying(value)
      case ZMQ_EVENT_ACCEPTED: self = .accepted
      case ZMQ_EVENT_ACCEPT_FAILED: self = .acceptFailed(value)
      case ZMQ_EVENT_HANDSHAKE_SUCCEEDED: self = .handshakeSucceeded
      case ZMQ_EVENT_HANDSHAKE_FAILED_NO_DETAIL, ZMQ_EVENT_HANDSHAKE_FAILED_PROTOCOL: self = .handshakeFailed(value)
      case ZMQ_EVENT_HANDSHAKE_FAILED_AUTH: self = .authenticationFailed(value)
      case ZMQ_EVENT_DISCONNECTED: self = .disconnected
      default: return nil
      }
    }

    static let told =
      ZMQ_EVENT_LISTENING | ZMQ_EVENT_BIND_FAILED | ZMQ_EVENT_CONNECTED | ZMQ_EVENT_CONNECT_RETRIED | ZMQ_EVENT_ACCEPTED
      | ZMQ_EVENT_ACCEPT_FAILED | ZMQ_EVENT_HANDSHAKE_SUCCEEDED | ZMQ_EVENT_HANDSHAKE_FAILED_NO_DETAIL
      | ZMQ_EVENT_HANDSHAKE_FAILED_PROTOCOL | ZMQ_EVENT_HANDSHAKE_FAILED_AUTH | ZMQ_EVENT_DISCONNECTED
  }

  private let thread: SocketThread
  private let handle: SocketHandle
  private let watch: WatchID

  /// Begins on the thread, which has to be the caller's and the socket's. A socket has at most one monitor.
  init(_ handle: SocketHandle, on thread: SocketThread, _ onEvent: @escaping (Event) -> Void) throws(ZeroMQError) {
    thread.checkIsolated()
    guard let endpoint = try handle.beginMonitor(events: Event.told) else {
      preconditionFailure("the socket is monitored already")
    }
    do {
      let reader = try EventReader(endpoint: endpoint, context: handle.context, onEvent)
      watch = thread.watch(reader.socket) { reader.read() }
    } catch {
      handle.endMonitor()
      throw error
    }
    self.thread = thread
    self.handle = handle
  }

  deinit {
    thread.performHere { [thread, handle, watch] in
      handle.endMonitor()
      thread.unwatch(watch)
    }
  }
}

extension Socket {
  /// Tells what happens to this socket's connections, on the thread that owns it; call it there, before binding.
  public borrowing func monitor(
    on thread: SocketThread, _ onEvent: @escaping (SocketMonitor.Event) -> Void
  ) throws(ZeroMQError) -> SocketMonitor {
    try SocketMonitor(handle, on: thread, onEvent)
  }
}

/// Reads events from libzmq: number (2 bytes) and value (4 bytes, both native), then a frame with the endpoint.
private final class EventReader {
  let socket: Socket
  private let onEvent: (SocketMonitor.Event) -> Void

  /// libzmq's own thread waits when this many events do; it must not.
  private static let capacity = 100_000
  private static let eventsPerTurn = 64

  init(endpoint: String, context: Context, _ onEvent: @escaping (SocketMonitor.Event) -> Void) throws(ZeroMQError) {
    var options = SocketOptions()
    options.receiveHighWater = EventReader.capacity
    socket = try Socket(.pair, in: context, options: options)
    try socket.connect(endpoint)
    self.onEvent = onEvent
  }

  func read() {
    for _ in 0..<EventReader.eventsPerTurn {
      // Nothing that libzmq itself sends is refused.
      guard let frames = try? socket.receive()?.frames, frames[0].count == 6 else { return }
      let (number, value) = frames[0].withUnsafeBytes {
        ($0.loadUnaligned(as: UInt16.self), $0.loadUnaligned(fromByteOffset: 2, as: Int32.self))
      }
      if let event = SocketMonitor.Event(number: Int32(number), value: Int(value)) { onEvent(event) }
    }
  }
}
