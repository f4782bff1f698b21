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
    guard let slash = text.utf8.firstIndex(of: UInt8(ascii: "/")) else {
      throw ProtocolError(
        .badName, "\(ProtocolError.quoted(text, limit: 60)) is not a full name: write it as engine/name")
    }
    self.init(
      engine: try Name(String(text[..<slash]), of: "engine"),
      name: try Name(String(text[text.utf8.index(after: slash)...])))
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
