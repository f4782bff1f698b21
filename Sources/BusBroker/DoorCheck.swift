internal import ZeroMQ

/// Tries a door before anybody is served: who has no key or an unknown one must not come in, and a known one must.
///
/// libzmq lets everyone in where its handler of keys is not there or is not asked, and says nothing.
struct DoorCheck {
  /// Who knocks.
  enum Caller: String, CaseIterable {
    case withoutKey = "without a key"
    case withUnknownKey = "with an unknown key"
    case withKnownKey = "with a known key"
  }

  /// What came of it.
  enum Result: Equatable {
    case letIn
    case refused
    /// Neither within ``patience``.
    case silent
  }

  static let patience: Duration = .seconds(10)

  let context: Context
  let thread: SocketThread
  /// The server's public key.
  let serverKey: String

  /// Why the door must not be opened; nil when it does what it should. On the thread of the sockets, which goes on
  /// meanwhile.
  func problem(
    at endpoint: String, kind: SocketKind, known: CurveKeys, isolation: isolated (any Actor)? = #isolation
  ) async throws(ZeroMQError) -> String? {
    for caller in Caller.allCases {
      let result = try await knock(at: DoorCheck.reachable(endpoint), kind: kind, as: caller, known: known)
      let expected: Result = caller == .withKnownKey ? .letIn : .refused
      guard result == expected else { return "who comes \(caller.rawValue) is \(result)" }
    }
    return nil
  }

  private func knock(
    at endpoint: String, kind: SocketKind, as caller: Caller, known: CurveKeys,
    isolation: isolated (any Actor)? = #isolation
  ) async throws(ZeroMQError) -> Result {
    var options = SocketOptions()
    let keys = caller == .withKnownKey ? known : try CurveKeys.generate()
    if caller != .withoutKey {
      options.curve = .client(serverKey: serverKey, publicKey: keys.publicKey, secretKey: keys.secretKey)
    }
    let visitor = Visitor(try Socket(kind, in: context, options: options))
    visitor.monitor = try visitor.socket.monitor(on: thread) { visitor.observe($0) }
    try visitor.socket.connect(endpoint)
    let timer = thread.schedule(at: .now + DoorCheck.patience) { visitor.end(.silent) }
    let result = await withCheckedContinuation { visitor.await($0) }
    thread.cancel(timer)
    visitor.monitor = nil
    return result
  }

  /// All addresses are reached by this machine's own.
  static func reachable(_ endpoint: String) -> String {
    guard endpoint.hasPrefix("tcp://0.0.0.0:") else { return endpoint }
    return "tcp://127.0.0.1:" + endpoint.dropFirst("tcp://0.0.0.0:".count)
  }
}

/// One that knocks, and waits for what comes of it; on the thread alone.
private final class Visitor {
  let socket: Socket
  var monitor: SocketMonitor?
  private var result: DoorCheck.Result?
  private var waiting: CheckedContinuation<DoorCheck.Result, Never>?

  init(_ socket: consuming Socket) { self.socket = socket }

  func observe(_ event: SocketMonitor.Event) {
    switch event {
    case .handshakeSucceeded: end(.letIn)
    case .handshakeFailed, .authenticationFailed, .disconnected: end(.refused)
    default: break
    }
  }

  func end(_ result: DoorCheck.Result) {
    guard self.result == nil else { return }
    self.result = result
    waiting?.resume(returning: result)
    waiting = nil
  }

  func await(_ continuation: CheckedContinuation<DoorCheck.Result, Never>) {
    if let result { continuation.resume(returning: result) } else { waiting = continuation }
  }
}
