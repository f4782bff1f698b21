/// What must not wait twice, or run twice at once: a namespace and values, as inputs or computed from them.
///
/// Without a namespace a key belongs to its worker; with one, all workers that name it share the lock.
/// The text is canonical and keeps types apart: `search.IndexUser(42)` is not `search.IndexUser("42")`.
public struct LockKey: Hashable, Sendable {
  /// The shared namespace, nil for the worker's own.
  public let namespace: Name?
  /// The values, in order; a key of no values locks the whole namespace.
  public let values: [JSONValue]

  /// A key of the worker's own namespace.
  public init(_ values: any JSONConvertible...) {
    self.namespace = nil
    self.values = values.map(\.jsonValue)
  }

  /// A key that every worker naming the same namespace shares.
  public init(namespace: Name, _ values: any JSONConvertible...) {
    self.namespace = namespace
    self.values = values.map(\.jsonValue)
  }

  /// The canonical text, which is what the store compares.
  public func text(workerNamespace: String) -> String {
    let inside = values.map(\.text).joined(separator: ",")
    return "\(namespace?.text ?? workerNamespace)(\(inside))"
  }
}
