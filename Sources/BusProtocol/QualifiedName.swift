/// The full name of something that an engine owns: `engine/name`. See ``QueueName`` and ``SubscriptionName``.
public struct QualifiedName<Owned>: Hashable, Sendable, Comparable, CustomStringConvertible {
  /// The engine that owns it.
  public let engine: Name
  /// Its name within the engine.
  public let name: Name

  /// Joins two names.
  public init(engine: Name, name: Name) {
    self.engine = engine
    self.name = name
  }

  /// Parses `engine/name`.
  public init(_ text: String) throws(ProtocolError) {
    let parts = text.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
    guard parts.count == 2 else {
      throw ProtocolError(
        .badName, "\(ProtocolError.quoted(text, limit: 60)) is not a full name: write it as engine/name")
    }
    self.init(engine: try Name(String(parts[0]), of: "engine"), name: try Name(String(parts[1])))
  }

  /// `engine/name`.
  public var description: String { "\(engine)/\(name)" }

  /// By engine, then by name.
  public static func < (left: Self, right: Self) -> Bool {
    (left.engine, left.name) < (right.engine, right.name)
  }
}

/// Marks names of queues.
public enum QueueKind: Sendable {}
/// Marks names of subscriptions.
public enum SubscriptionKind: Sendable {}

/// A queue of an engine: `search/default`.
public typealias QueueName = QualifiedName<QueueKind>
/// A subscription of an engine: `search/user_index`.
public typealias SubscriptionName = QualifiedName<SubscriptionKind>
