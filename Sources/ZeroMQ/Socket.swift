internal import CZeroMQ

/// A socket. It belongs to one thread, never blocks it, and closes itself.
public struct Socket: ~Copyable {
  /// The longest prefix: libzmq 4.3.4 frames those of 246 to 255 bytes wrongly, which cuts the connection for ever.
  public static let maximumPrefixByteCount = 200

  let handle: SocketHandle
  /// Whether a ZAP handler was asked about the peers, so that messages say who sent them.
  private let knowsPrincipals: Bool

  /// Makes a socket with its settings.
  public init(_ kind: SocketKind, in context: Context, options: SocketOptions) throws(ZeroMQError) {
    let handle = try SocketHandle(kind, in: context)
    try options.apply(to: handle)
    self.handle = handle
    knowsPrincipals = options.zapDomain != nil
  }

  // Whoever else holds the handle lets go on the thread that watches; then the socket closes.
  deinit { handle.abandon() }

  // MARK: Endpoints

  /// Listens at an endpoint. Binding to an ipc path takes it from whoever has it, silently; the file stays behind.
  public func bind(_ endpoint: String) throws(ZeroMQError) { try call(zmq_bind, "bind to", endpoint) }

  /// Connects to an endpoint, now and whenever the connection breaks.
  public func connect(_ endpoint: String) throws(ZeroMQError) { try call(zmq_connect, "connect to", endpoint) }

  /// Stops listening at an endpoint.
  public func unbind(_ endpoint: String) throws(ZeroMQError) { try call(zmq_unbind, "unbind from", endpoint) }

  /// Leaves an endpoint. The connection ends once the socket is used again, or watched.
  public func disconnect(_ endpoint: String) throws(ZeroMQError) {
    try call(zmq_disconnect, "disconnect from", endpoint)
  }

  private func call(
    _ function: (UnsafeMutableRawPointer?, UnsafePointer<CChar>?) -> Int32, _ action: String, _ endpoint: String
  ) throws(ZeroMQError) {
    guard !endpoint.utf8.contains(0) else {
      throw ZeroMQError(.badEndpoint, "cannot \(action) an endpoint with a zero byte; take it out")
    }
    guard function(handle.pointer, endpoint) == 0 else { throw ZeroMQError(cannot: action, endpoint: endpoint) }
  }

  /// The endpoint that was bound last, with the port that the system chose; empty before.
  public var lastEndpoint: String {
    var bytes = [UInt8](repeating: 0, count: 1024)
    var count = bytes.count
    guard zmq_getsockopt(handle.pointer, ZMQ_LAST_ENDPOINT, &bytes, &count) == 0 else { return "" }
    return String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
  }

  // MARK: Subscriptions

  /// SUB and XSUB: takes what begins with the prefix; an empty one takes all.
  ///
  /// XPUB that decides on subscriptions: grants the one that was received last.
  public func subscribe(_ prefix: [UInt8]) throws(ZeroMQError) {
    try setPrefix(prefix, option: ZMQ_SUBSCRIBE, verb: 1, "subscribe to")
  }

  /// Ends one subscription of the prefix.
  public func unsubscribe(_ prefix: [UInt8]) throws(ZeroMQError) {
    try setPrefix(prefix, option: ZMQ_UNSUBSCRIBE, verb: 0, "unsubscribe from")
  }

  private func setPrefix(
    _ prefix: [UInt8], option: Int32, verb: UInt8, _ action: String
  ) throws(ZeroMQError) {
    guard prefix.count <= Socket.maximumPrefixByteCount else {
      throw ZeroMQError(
        .tooLarge,
        "cannot \(action) a prefix of \(prefix.count) bytes: libzmq breaks the connection on long ones; "
          + "use at most \(Socket.maximumPrefixByteCount)")
    }
    // An XSUB says what it wants in messages, which never wait.
    if handle.kind == .xsub {
      _ = try send(Multipart([[verb] + prefix]))
    } else if zmq_setsockopt(handle.pointer, option, prefix, prefix.count) != 0 {
      throw ZeroMQError(cannot: "\(action) a prefix on a \(handle.kind) socket")
    }
  }

  // MARK: Readiness

  /// Whether a message waits to be received.
  public var hasInput: Bool { events & ZMQ_POLLIN != 0 }

  /// Whether a message can be sent now.
  public var hasOutput: Bool { events & ZMQ_POLLOUT != 0 }

  private var events: Int32 {
    var events: Int32 = 0
    var count = MemoryLayout<Int32>.size
    return zmq_getsockopt(handle.pointer, ZMQ_EVENTS, &events, &count) == 0 ? events : 0
  }

  // MARK: Receiving

  /// Receives a whole message; nil when none waits. A message of too many frames is thrown away and refused.
  public func receive() throws(ZeroMQError) -> Multipart? {
    var message = zmq_msg_t()
    return try withUnsafeMutablePointer(to: &message) { message throws(ZeroMQError) in
      zmq_msg_init(message)
      defer { zmq_msg_close(message) }
      guard try receiveFrame(message) else { return nil }
      var whole = Multipart([Array(bytes(of: message))])
      var count = 1
      while zmq_msg_more(message) != 0 {
        guard try receiveFrame(message) else { throw ZeroMQError(cannot: "receive the rest of a message") }
        count += 1
        if count <= handle.kind.maximumFrameCount { whole.frames.append(Array(bytes(of: message))) }
      }
      guard count <= handle.kind.maximumFrameCount else { throw tooManyFrames("receive", count) }
      // Only the last frame is sure to know it: a ROUTER's first one is made by libzmq.
      if knowsPrincipals { whole.principal = zmq_msg_gets(message, "User-Id").map { String(cString: $0) } }
      return whole
    }
  }

  /// Receives one frame and shows it to the closure without a copy; nil when none waits.
  public func receive<R>(_ body: (RawSpan, _ more: Bool) throws -> R) throws -> R? {
    var message = zmq_msg_t()
    return try withUnsafeMutablePointer(to: &message) { message in
      zmq_msg_init(message)
      defer { zmq_msg_close(message) }
      guard try receiveFrame(message) else { return nil }
      return try body(bytes(of: message).bytes, zmq_msg_more(message) != 0)
    }
  }

  private func receiveFrame(_ message: UnsafeMutablePointer<zmq_msg_t>) throws(ZeroMQError) -> Bool {
    while zmq_msg_recv(message, handle.pointer, ZMQ_DONTWAIT) < 0 {
      switch zmq_errno() {
      case EAGAIN: return false
      case EINTR: continue
      default: throw ZeroMQError(cannot: "receive from a \(handle.kind) socket")
      }
    }
    return true
  }

  private func bytes(of message: UnsafeMutablePointer<zmq_msg_t>) -> UnsafeRawBufferPointer {
    UnsafeRawBufferPointer(start: zmq_msg_data(message), count: zmq_msg_size(message))
  }

  func tooManyFrames(_ action: String, _ count: Int) -> ZeroMQError {
    ZeroMQError(
      .tooManyFrames,
      "cannot \(action) a message of \(count) frames on a \(handle.kind) socket: it takes 1 to "
        + "\(handle.kind.maximumFrameCount); join frames")
  }
}

@available(*, unavailable, message: "a socket belongs to one thread")
extension Socket: Sendable {}
