public import BusProtocol

extension Condition {
  /// The condition as JSON: its name, or an object of its name and its value, `{"oneOf":["DE","AT"]}`.
  public var json: JSONValue {
    switch self {
    case .present: "present"
    case .absent: "absent"
    case .null: "null"
    case .empty: "empty"
    case .blank: "blank"
    case .filled: "filled"
    case .equals(let value): ["equals": value]
    case .oneOf(let values): ["oneOf": .array(values)]
    case .greater(let bound): ["greater": bound]
    case .atLeast(let bound): ["atLeast": bound]
    case .less(let bound): ["less": bound]
    case .atMost(let bound): ["atMost": bound]
    case .text(let pattern): ["matches": .string(pattern.text)]
    case .not(let condition): ["not": condition.json]
    }
  }

  /// Reads what ``json`` wrote.
  public init(json: JSONValue) throws(ProtocolError) {
    if case .string(let word) = json, let condition = Condition.words[word] {
      self = condition
      return
    }
    guard case .object(let object) = json, object.members.count == 1, let member = object.members.first else {
      throw ProtocolError(.badJSON, "\(ProtocolError.quoted(json.text)) is no condition of this version")
    }
    switch (member.key, member.value) {
    case ("equals", let value): self = .equals(value)
    case ("oneOf", .array(let values)): self = .oneOf(values)
    case ("greater", let value): self = .greater(than: value)
    case ("atLeast", let value): self = .atLeast(value)
    case ("less", let value): self = .less(than: value)
    case ("atMost", let value): self = .atMost(value)
    case ("matches", .string(let text)): self = .matches(text)
    case ("not", let value): self = .not(try Condition(json: value))
    default: throw ProtocolError(.badJSON, "\(ProtocolError.quoted(json.text)) is no condition of this version")
    }
  }

  private static let words: [String: Condition] = [
    "present": .present, "absent": .absent, "null": .null, "empty": .empty, "blank": .blank, "filled": .filled,
  ]
}

extension Condition: CustomStringConvertible {
  /// What the member has to be, as a sentence goes on: `one of ["DE","AT"]`.
  public var description: String {
    switch self {
    case .present: "there and not null"
    case .absent: "absent"
    case .null: "null"
    case .empty: "empty"
    case .blank: "blank"
    case .filled: "filled"
    case .equals(let value): value.text
    case .oneOf(let values): "one of \(JSONValue.array(values).text)"
    case .greater(let bound): "above \(bound.text)"
    case .atLeast(let bound): "at least \(bound.text)"
    case .less(let bound): "below \(bound.text)"
    case .atMost(let bound): "at most \(bound.text)"
    case .text(let pattern): "text like '\(pattern.text)'"
    case .not(let condition): "not \(condition)"
    }
  }
}
