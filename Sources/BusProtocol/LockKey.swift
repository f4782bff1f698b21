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

  /// The canonical text, which is what the store compares: `namespace(value,value)`, the values as compact JSON.
  ///
  /// No name has a bracket and all text stands in quotes, so two keys have one text only if they are the same key.
  public func text(workerNamespace: String) -> String {
    let inside = values.map(\.sortedByName.text).joined(separator: ",")
    return "\(namespace?.text ?? workerNamespace)(\(inside))"
  }
}

extension JSONValue {
  /// The same value with the members of each object in the order of their names, each name once: what equal values share.
  fileprivate var sortedByName: JSONValue {
    switch self {
    case .array(let values): return .array(values.map(\.sortedByName))
    case .object(let object):
      var last: [String: JSONValue] = [:]
      for member in object.members { last[member.key] = member.value.sortedByName }
      let sorted = last.sorted { $0.key.utf8.lexicographicallyPrecedes($1.key.utf8) }
      return .object(JSONObject(sorted.map { JSONObject.Member($0.key, $0.value) }))
    case .null, .bool, .integer, .unsigned, .double, .string: return self
    }
  }
}
