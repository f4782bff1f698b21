/// A whole message: one or more frames, sent and received all or nothing.
public struct Multipart: Hashable, Sendable {
  /// The most frames of a message, the routing id of a ROUTER's not counted; a longer one is refused and thrown away.
  public static let maximumFrameCount = 16

  /// The frames in order.
  public var frames: [[UInt8]]

  /// Who sent it, as the ``ZapHandler`` named them; nil where none was asked. Not sent.
  public var principal: String?

  /// A message of frames.
  public init(_ frames: [[UInt8]]) { self.frames = frames }

  /// A message of text frames.
  public init(text: String...) { frames = text.map { Array($0.utf8) } }
}

/// What became of a message.
public enum SendOutcome: Hashable, Sendable {
  /// libzmq has it.
  case sent
  /// The queue to the peer is full, or there is no peer: nothing was sent.
  case wouldBlock
  /// ROUTER: nobody has that routing id any more: nothing was sent.
  case unroutable
}
