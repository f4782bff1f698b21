/// A filter whose fields and values are known to fit: what decides.
public struct BoundFilter: Hashable, Sendable {
  /// What it is for.
  public let kind: FilterKind
  /// What was bound.
  public let filter: Filter
  package let root: Node

  /// One test, or several joined.
  package indirect enum Node: Hashable, Sendable {
    case all([Node])
    case any([Node])
    case not(Node)
    /// The check holds of the value at the field's steps.
    case test(field: String, steps: [FilterPath.Step], FilterCheck)
    /// A text of the subject contains this.
    case mentions(String)
  }

  /// Whether an event or a job passes.
  public func matches(_ subject: some FilterSubject) -> Bool { BoundFilter.holds(root, of: subject) }

  private static func holds(_ node: Node, of subject: some FilterSubject) -> Bool {
    switch node {
    case .all(let nodes): nodes.allSatisfy { holds($0, of: subject) }
    case .any(let nodes): nodes.contains { holds($0, of: subject) }
    case .not(let node): !holds(node, of: subject)
    case .test(let field, let steps, let check):
      check.holds(of: subject.value(of: field)?.value(at: steps))
    case .mentions(let text): subject.mentions(text)
    }
  }
}

extension JSONValue {
  /// What stands at the end of the way, nil where it does not lead anywhere.
  fileprivate func value(at steps: [FilterPath.Step]) -> JSONValue? {
    var value = self
    for step in steps {
      switch (step, value) {
      case (.key(let key), .object(let object)):
        // By bytes: to Swift a Kelvin sign equals a K.
        guard let member = object.members.last(where: { $0.key.utf8.elementsEqual(key.utf8) }) else { return nil }
        value = member.value
      case (.index(let index), .array(let values)):
        guard values.indices.contains(index) else { return nil }
        value = values[index]
      default: return nil
      }
    }
    return value
  }
}
