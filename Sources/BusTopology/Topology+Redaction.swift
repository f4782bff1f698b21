public import BusProtocol

extension Topology {
  /// Which values are not shown to people, as its topics and engines say.
  public var redaction: Redaction {
    Redaction(
      topics: topics.map { Redaction.TopicRule($0.pattern, $0.redact) },
      engines: Dictionary(engines.map { ($0.name, $0.redact) }) { first, _ in first })
  }
}

extension ValueForm where Value == RedactedPath {
  /// A path with one of some beginnings.
  static func redactedPath(_ roots: [RedactedPath.Root]) -> ValueForm {
    let words = roots.map(\.rawValue)
    return ValueForm(schema: ["type": "string", "pattern": .string("^(\(words.joined(separator: "|")))(\\.[^.]+)*$")]) {
      text throws(WrongValue) in
      guard let path = RedactedPath(text), roots.contains(path.root) else {
        throw WrongValue("must be a path that begins with \(words.joined(separator: " or "))")
      }
      return path
    }
  }
}
