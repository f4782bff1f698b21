internal import CZeroMQ

extension SocketOptions {
  /// Sets the options on a socket that is neither bound nor connected yet.
  func apply(to socket: SocketHandle) throws(ZeroMQError) {
    try set(ZMQ_LINGER, linger, on: socket)
    try set(ZMQ_SNDHWM, sendHighWater, on: socket)
    try set(ZMQ_RCVHWM, receiveHighWater, on: socket)
    try set(ZMQ_MAXMSGSIZE, exactly: Int64(maximumFrameByteCount), on: socket)
    try set(ZMQ_BACKLOG, backlog, on: socket)
    try applyConnection(to: socket)
    switch socket.kind {
    case .router:
      try set(ZMQ_ROUTER_MANDATORY, isMandatory ? 1 : 0, on: socket)
      try set(ZMQ_ROUTER_HANDOVER, handsOver ? 1 : 0, on: socket)
    case .xpub:
      try set(ZMQ_XPUB_VERBOSE, isVerbose ? 1 : 0, on: socket)
      try set(ZMQ_XPUB_MANUAL, decidesSubscriptions ? 1 : 0, on: socket)
    default: break
    }
    try applySecurity(to: socket)
  }

  private func applyConnection(to socket: SocketHandle) throws(ZeroMQError) {
    try set(ZMQ_IMMEDIATE, isImmediate ? 1 : 0, on: socket)
    try set(ZMQ_RECONNECT_IVL, reconnectInterval, on: socket)
    try set(ZMQ_RECONNECT_IVL_MAX, maximumReconnectInterval, on: socket)
    try set(ZMQ_CONNECT_TIMEOUT, connectTimeout, on: socket)
    try set(ZMQ_HANDSHAKE_IVL, handshakeTimeout, on: socket)
    try set(ZMQ_HEARTBEAT_IVL, heartbeatInterval, on: socket)
    try set(ZMQ_HEARTBEAT_TIMEOUT, heartbeatTimeout, on: socket)
    try set(ZMQ_HEARTBEAT_TTL, heartbeatLifetime, on: socket)
    try set(ZMQ_TCP_MAXRT, confirmationTimeout, on: socket)
    guard let keepAlive else { return }
    try set(ZMQ_TCP_KEEPALIVE, 1, on: socket)
    try set(ZMQ_TCP_KEEPALIVE_IDLE, Int(keepAlive.idle.components.seconds), on: socket)
    try set(ZMQ_TCP_KEEPALIVE_INTVL, Int(keepAlive.interval.components.seconds), on: socket)
    try set(ZMQ_TCP_KEEPALIVE_CNT, keepAlive.count, on: socket)
  }

  private func applySecurity(to socket: SocketHandle) throws(ZeroMQError) {
    // Each adds to those before.
    for user in ipcUserIDs { try set(ZMQ_IPC_FILTER_UID, exactly: user, on: socket) }
    for group in ipcGroupIDs { try set(ZMQ_IPC_FILTER_GID, exactly: group, on: socket) }
    switch curve {
    case nil: break
    case .server(let secretKey):
      guard zapDomain != nil else {
        throw ZeroMQError(.insecure, "a CURVE server without a ZAP domain lets every key in: set zapDomain")
      }
      try set(ZMQ_CURVE_SERVER, 1, on: socket)
      try setKey(ZMQ_CURVE_SECRETKEY, secretKey, "the server's secret key", on: socket)
    case .client(let serverKey, let publicKey, let secretKey):
      try setKey(ZMQ_CURVE_SERVERKEY, serverKey, "the server's public key", on: socket)
      try setKey(ZMQ_CURVE_PUBLICKEY, publicKey, "the public key", on: socket)
      try setKey(ZMQ_CURVE_SECRETKEY, secretKey, "the secret key", on: socket)
    }
    guard let zapDomain else { return }
    guard !zapDomain.isEmpty else {
      throw ZeroMQError(.insecure, "libzmq asks nobody about an empty ZAP domain and lets every key in: name one")
    }
    try set(ZMQ_ZAP_DOMAIN, text: zapDomain, on: socket)
    // Without this libzmq lets everyone in while no handler runs.
    try set(ZMQ_ZAP_ENFORCE_DOMAIN, 1, on: socket)
  }

  private func set(_ option: Int32, _ value: Int, on socket: SocketHandle) throws(ZeroMQError) {
    try set(option, exactly: Int32(clamping: value), on: socket)
  }

  private func set(_ option: Int32, _ value: Duration, on socket: SocketHandle) throws(ZeroMQError) {
    // Beyond an Int32 of milliseconds (24 days) all is the same; the bound keeps the multiplication from overflowing.
    let (seconds, attoseconds) = min(max(value, .seconds(-1)), .seconds(1 << 31)).components
    try set(option, Int(seconds * 1000 + attoseconds / 1_000_000_000_000_000), on: socket)
  }

  private func set(
    _ option: Int32, exactly value: some FixedWidthInteger, on socket: SocketHandle
  ) throws(ZeroMQError) {
    let result = withUnsafeBytes(of: value) {
      zmq_setsockopt(socket.pointer, option, $0.baseAddress, $0.count)
    }
    guard result == 0 else { throw ZeroMQError(cannot: "set option \(option) of a \(socket.kind) socket to \(value)") }
  }

  private func set(_ option: Int32, text: String, on socket: SocketHandle) throws(ZeroMQError) {
    guard zmq_setsockopt(socket.pointer, option, text, text.utf8.count) == 0 else {
      // The text may be a secret.
      throw ZeroMQError(cannot: "set option \(option) of a \(socket.kind) socket")
    }
  }

  private func setKey(_ option: Int32, _ key: String, _ name: String, on socket: SocketHandle) throws(ZeroMQError) {
    guard CurveKeys.isKey(key) else {
      throw ZeroMQError(.insecure, "\(name) is not a CURVE key: it takes 40 characters of Z85")
    }
    try set(option, text: key, on: socket)
  }
}
