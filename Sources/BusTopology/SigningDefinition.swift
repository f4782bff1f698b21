/// Which events must be signed, and by whom: of the `access` section.
public struct SigningDefinition: Sendable, Equatable {
  /// The directory of the public keys of those who sign, `NAME.verify` each; nil for that of the other keys.
  public var directory: String?
  /// The topics whose events must be signed by somebody who may publish them.
  public var topics: [RightPattern]
  /// How old a signed event may be when it comes.
  public var window: Duration

  /// How old a signed event may be where nothing is said.
  public static let standardWindow: Duration = .seconds(86_400)
  /// So far a publisher's clock may be ahead of busd's.
  public static let clockAllowance: Duration = .seconds(300)
  /// busd knows for seven days what a publisher has sent: what is taken is younger, so that no event is taken twice.
  public static let maximumWindow: Duration = .seconds(6 * 86_400)

  /// Nothing has to be signed.
  public init(
    directory: String? = nil, topics: [RightPattern] = [], window: Duration = SigningDefinition.standardWindow
  ) {
    self.directory = directory
    self.topics = topics
    self.window = window
  }

  /// The pattern by which a topic's events must be signed; nil where they need not.
  public func rule(for topic: String) -> RightPattern? { topics.first { $0.covers(topic) } }
}
