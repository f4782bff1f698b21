/// The settings of a socket, as values. The static ones are the roles of this project, each with what was measured.
///
/// libzmq's own name of a setting stands in brackets.
public struct SocketOptions: Hashable, Sendable {
  /// Which keys a socket has, when it speaks CURVE.
  public enum Curve: Hashable, Sendable, CustomStringConvertible {
    /// It answers, and proves itself with this secret key (Z85). Demands a ``SocketOptions/zapDomain``.
    case server(secretKey: String)
    /// It asks a server of this key, and has a pair of its own.
    case client(serverKey: String, publicKey: String, secretKey: String)

    /// The public part.
    public var description: String {
      switch self {
      case .server: "server"
      case .client(let serverKey, let publicKey, _): "client \(publicKey) of \(serverKey)"
      }
    }
  }

  /// How TCP asks a silent peer whether it is there.
  public struct KeepAlive: Hashable, Sendable {
    /// After so long without traffic.
    public var idle: Duration = .seconds(60)
    /// The time between two questions.
    public var interval: Duration = .seconds(10)
    /// So many questions without an answer end the connection.
    public var count = 3

    /// A minute, then three questions.
    public init() {}
  }

  /// How long closing waits for what was not sent; without end by default in libzmq, never here. (LINGER)
  public var linger: Duration = .zero
  /// Messages that may wait to be sent, per peer. (SNDHWM)
  public var sendHighWater = 1000
  /// Messages that may wait to be read, per peer. (RCVHWM)
  public var receiveHighWater = 1000
  /// The longest frame that is taken from a peer; who sends a longer one is dropped. (MAXMSGSIZE)
  public var maximumFrameByteCount = 2 << 20
  /// Whether messages wait only for peers that are connected. (IMMEDIATE)
  public var isImmediate = false
  /// The first pause before connecting again; it doubles. (RECONNECT_IVL)
  public var reconnectInterval: Duration = .milliseconds(100)
  /// The longest pause before connecting again. (RECONNECT_IVL_MAX)
  public var maximumReconnectInterval: Duration = .seconds(30)
  /// How long a connection may take to be made; zero leaves it to the system. (CONNECT_TIMEOUT)
  public var connectTimeout: Duration = .zero
  /// How long a handshake may take. (HANDSHAKE_IVL)
  public var handshakeTimeout: Duration = .seconds(3)
  /// How often a silent connection is asked for a sign of life. (HEARTBEAT_IVL)
  public var heartbeatInterval: Duration = .seconds(2)
  /// How long the sign may take. (HEARTBEAT_TIMEOUT)
  public var heartbeatTimeout: Duration = .seconds(6)
  /// How long the peer is to keep the connection without a sign. (HEARTBEAT_TTL)
  public var heartbeatLifetime: Duration = .seconds(10)
  /// How long the peer's system may leave unconfirmed what was sent; then the connection is over. A connection whose
  /// buffers are full is not asked for a sign of life, and would stay as long as the system tries. (TCP_MAXRT)
  public var confirmationTimeout: Duration = .seconds(8)
  /// A backstop for peers that know no heartbeats; nil leaves it to the system. (TCP_KEEPALIVE)
  public var keepAlive: KeepAlive? = KeepAlive()
  /// Connections that may wait to be accepted. (BACKLOG)
  public var backlog = 100
  /// ROUTER: whether a message for an unknown peer is an answer (`unroutable`) instead of nothing. (ROUTER_MANDATORY)
  public var isMandatory = false
  /// ROUTER: whether a newcomer takes a routing id from who has it, who then goes deaf. (ROUTER_HANDOVER)
  public var handsOver = false
  /// XPUB: whether a subscription is received each time, not only when it is new. (XPUB_VERBOSE)
  public var isVerbose = false
  /// XPUB: whether a subscription counts only once it is granted by ``Socket/subscribe(_:)``. (XPUB_MANUAL)
  public var decidesSubscriptions = false
  /// The users whose processes may connect over ipc; none leaves it to the path's permissions. (IPC_FILTER_UID)
  public var ipcUserIDs: [UInt32] = []
  /// The groups whose members may connect over ipc. Either filter lets in. (IPC_FILTER_GID)
  public var ipcGroupIDs: [UInt32] = []
  /// CURVE keys; nil speaks without.
  public var curve: Curve?
  /// The domain in which a ``ZapHandler`` decides who comes in, enforced: without a handler nobody does. (ZAP_DOMAIN)
  public var zapDomain: String?

  /// Settings near libzmq's, except that closing never waits, silence is noticed and frames are bounded.
  public init() {}

  private init(_ change: (inout SocketOptions) -> Void) { change(&self) }
}

extension SocketOptions {
  /// busd's ROUTER: bounded frames, and a gone peer is an answer.
  public static let brokerRequests = SocketOptions {
    $0.maximumFrameByteCount = (1 << 20) + (64 << 10)
    $0.isMandatory = true
    $0.backlog = 1024
  }

  /// busd's XPUB: only subscriptions come in, and those are short; CURVE's handshake needs more than 256.
  public static let brokerFanOut = SocketOptions {
    $0.maximumFrameByteCount = 512
    $0.backlog = 1024
  }

  /// busd's SUB for plain publishers.
  public static let brokerIntake = SocketOptions {
    $0.maximumFrameByteCount = (1 << 20) + (4 << 10)
    $0.backlog = 1024
  }

  /// A client's DEALER: nothing waits for a connection that is not there, and it comes back soon.
  public static let clientRequests = SocketOptions {
    $0.isImmediate = true
    // A list of ten thousand subscriptions is longer than what a client may send.
    $0.maximumFrameByteCount = 16 << 20
    $0.connectTimeout = .seconds(3)
    $0.maximumReconnectInterval = .seconds(2)
  }

  /// A client's SUB.
  public static let clientEvents = SocketOptions {
    // What it sends are its subscriptions: one that found no room would be dropped without a word.
    $0.sendHighWater = 0
    $0.connectTimeout = .seconds(3)
    $0.maximumReconnectInterval = .seconds(2)
  }

  /// The same without heartbeats where the endpoint is on this machine (`ipc`): there the kernel tells when the other
  /// side is gone, and a hundred idle workers need not wake for each other.
  public func quiet(at endpoint: String) -> SocketOptions {
    var options = self
    if endpoint.hasPrefix("ipc://") { options.heartbeatInterval = .zero }
    return options
  }
}
