internal import CZeroMQ

/// The kinds of sockets.
public enum SocketKind: Sendable {
  /// Asks a ROUTER, without waiting for each answer.
  case dealer
  /// Answers each peer by its routing id, which is the first frame.
  case router
  /// Publishes to whoever subscribed.
  case pub
  /// Gets what it subscribed to.
  case sub
  /// A PUB that receives the subscriptions as messages.
  case xpub
  /// A SUB that also sends subscriptions as messages.
  case xsub
  /// Sends to one of its peers in turn.
  case push
  /// Gets from its peers in turn.
  case pull
  /// Exactly one peer.
  case pair

  var rawValue: Int32 {
    switch self {
    case .dealer: ZMQ_DEALER
    case .router: ZMQ_ROUTER
    case .pub: ZMQ_PUB
    case .sub: ZMQ_SUB
    case .xpub: ZMQ_XPUB
    case .xsub: ZMQ_XSUB
    case .push: ZMQ_PUSH
    case .pull: ZMQ_PULL
    case .pair: ZMQ_PAIR
    }
  }

  /// The most frames of a message; a ROUTER sees the routing id on top.
  var maximumFrameCount: Int { Multipart.maximumFrameCount + (self == .router ? 1 : 0) }
}
