/// Where in a value a coder is: a list from the inside out, made only where something is nested.
final class CodingPathNode: Sendable {
  private let parent: CodingPathNode?
  private let key: CodingPathKey

  init(_ parent: CodingPathNode?, _ key: any CodingKey) {
    self.parent = parent
    self.key = CodingPathKey(key)
  }

  /// From the outside in.
  var keys: [any CodingKey] {
    var keys: [any CodingKey] = []
    var node: CodingPathNode? = self
    while let found = node {
      keys.append(found.key)
      node = found.parent
    }
    return keys.reversed()
  }
}

/// A step of a path: a member's name or an index.
struct CodingPathKey: CodingKey {
  let stringValue: String
  let intValue: Int?

  init(stringValue: String) {
    self.stringValue = stringValue
    intValue = nil
  }

  init(intValue: Int) {
    stringValue = String(intValue)
    self.intValue = intValue
  }

  init(_ key: any CodingKey) {
    stringValue = key.stringValue
    intValue = key.intValue
  }
}

/// What a coder's error says to a person: `address.lines[2]: expected text, found 7`.
struct CodingProblem {
  let text: String

  init(_ error: any Error) {
    switch error {
    case DecodingError.keyNotFound(let key, let context):
      text = "\(CodingProblem.path(context.codingPath + [key])): it is missing"
    case DecodingError.valueNotFound(_, let context), DecodingError.typeMismatch(_, let context),
      DecodingError.dataCorrupted(let context):
      text = "\(CodingProblem.path(context.codingPath)): \(context.debugDescription)"
    case EncodingError.invalidValue(_, let context):
      text = "\(CodingProblem.path(context.codingPath)): \(context.debugDescription)"
    default: text = "\(error)"
    }
  }

  static func path(_ keys: [any CodingKey]) -> String {
    var path = ""
    for key in keys {
      if let index = key.intValue {
        path += "[\(index)]"
      } else {
        path += path.isEmpty ? key.stringValue : ".\(key.stringValue)"
      }
    }
    return path.isEmpty ? "the value" : "\"\(path)\""
  }
}
