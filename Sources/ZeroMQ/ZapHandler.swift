/// Decides who may come in (ZAP 1.0, RFC 27): asked once for each connection to a socket with a ZAP domain.
///
/// Without a handler such sockets let nobody in. One per context; it answers until it is let go of.
public final class ZapHandler: Sendable {
  /// Who asks to come in.
  public struct Question: Hashable, Sendable {
    /// The domain of the socket that was reached.
    public var domain: String
    /// Where the peer comes from: an IP address, nothing over ipc.
    public var address: String
    /// `NULL`, `PLAIN` or `CURVE`.
    public var mechanism: String
    /// What the peer proves itself with: under CURVE the 32 bytes of its public key.
    public var credentials: [[UInt8]]

    /// Reads the frames as they come to the handler's socket; nil for what is no question of version 1.0.
    package init?(frames: [[UInt8]]) {
      guard frames.count >= 8, frames[1].isEmpty, frames[2] == ZapDesk.version else { return nil }
      domain = String(decoding: frames[4], as: UTF8.self)
      address = String(decoding: frames[5], as: UTF8.self)
      mechanism = String(decoding: frames[7], as: UTF8.self)
      credentials = Array(frames[8...])
    }

    /// The peer's public key in Z85, under CURVE.
    public var publicKey: String? {
      mechanism == "CURVE" ? credentials.first.flatMap { CurveKeys.text(of: $0) } : nil
    }
  }

  private let thread: SocketThread
  private let watch: WatchID

  /// Answers on the thread, which has to be the caller's: the principal of who may come in, nil for nobody.
  ///
  /// The principal comes with each message (``Multipart/principal``). Throws when the context has a handler.
  public init(
    in context: Context, on thread: SocketThread, _ decide: @escaping (Question) -> String?
  ) throws(ZeroMQError) {
    thread.checkIsolated()
    let desk = try ZapDesk(in: context, decide)
    self.thread = thread
    watch = thread.watch(desk.socket) { desk.answer() }
  }

  deinit {
    thread.performHere { [thread, watch] in thread.unwatch(watch) }
  }
}

/// Holds the socket of a handler. A question: route, empty frame, version, request id, domain, address, routing id,
/// mechanism, credentials. An answer: route, empty frame, version, request id, status, text, user id, metadata.
private final class ZapDesk {
  let socket: Socket
  private let decide: (ZapHandler.Question) -> String?

  private static let endpoint = "inproc://zeromq.zap.01"
  fileprivate static let version = Array("1.0".utf8)
  private static let questionsPerTurn = 64

  init(in context: Context, _ decide: @escaping (ZapHandler.Question) -> String?) throws(ZeroMQError) {
    socket = try Socket(.router, in: context, options: SocketOptions())
    try socket.bind(ZapDesk.endpoint)
    self.decide = decide
  }

  // Closing gives the name back some time later; the next handler may need it now. It is bound, so this works.
  deinit { try? socket.unbind(ZapDesk.endpoint) }

  func answer() {
    for _ in 0..<ZapDesk.questionsPerTurn {
      do {
        guard let message = try socket.receive() else { return }
        guard let reply = reply(to: message.frames) else { continue }
        // Who asks is in this process. If it is gone, or stuck, its peer is not let in.
        _ = try socket.send(Multipart(reply))
      } catch { continue }
    }
  }

  private func reply(to frames: [[UInt8]]) -> [[UInt8]]? {
    guard let question = ZapHandler.Question(frames: frames) else { return nil }
    let words =
      if let principal = decide(question) { ["200", "OK", principal, ""] } else { ["400", "not allowed", "", ""] }
    return frames[..<4] + words.map { Array($0.utf8) }
  }
}
