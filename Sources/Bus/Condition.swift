public import BusProtocol

/// What a member of an event's data has to be for a subscription to take the event.
///
/// ```swift
/// Subscription("user_*", where: ["page": .equals("homepage"), "user_id": .present]) { … }
/// ```
///
/// All conditions of a subscription have to hold. Values are compared by type: 42 is not "42", true is not "true".
/// Whole numbers and numbers with a fraction are compared by value, so 42 is 42.0.
///
/// | member is | `present` | `absent` | `null` | `empty` | `blank` | `filled` |
/// |---|---|---|---|---|---|---|
/// | not there | – | yes | – | – | – | – |
/// | `null` | – | – | yes | – | yes | – |
/// | `""`, `[]`, `{}` | yes | – | – | yes | yes | – |
/// | `" \n"` | yes | – | – | – | yes | – |
/// | `false`, `0`, any other | yes | – | – | – | – | yes |
///
/// Every condition but ``absent`` and ``not(_:)`` wants the member to be there.
public indirect enum Condition: Hashable, Sendable {
  /// It is there, and not null.
  case present
  /// It is not there; null is there.
  case absent
  /// It is there, and null.
  case null
  /// It is text, a list or an object without anything in it.
  case empty
  /// It is null, empty, or text of nothing but white space.
  case blank
  /// It is there, and not blank.
  case filled
  /// It is this value, of this type.
  case equals(JSONValue)
  /// It is one of these values.
  case oneOf([JSONValue])
  /// It is a number or text above this one of the same kind; text is compared by its Unicode code points.
  case greater(than: JSONValue)
  /// It is this number or text, or above.
  case atLeast(JSONValue)
  /// It is a number or text below this one of the same kind.
  case less(than: JSONValue)
  /// It is this number or text, or below.
  case atMost(JSONValue)
  /// It is text that the pattern covers from its first to its last character: see ``matches(_:)``.
  case text(TextPattern)
  /// The other condition does not hold; so `.not(.equals(1))` takes a member that is not there.
  case not(Condition)

  /// It is text of this form: `*` stands for any run of characters, `?` for one, `\*` for a star; all else literally.
  public static func matches(_ pattern: String) -> Condition { .text(TextPattern(pattern)) }

  /// Whether the condition holds; nil is a member that is not there.
  public func holds(for value: JSONValue?) -> Bool {
    switch self {
    case .not(let condition): return !condition.holds(for: value)
    case .absent: if case .none = value { return true } else { return false }
    default: return value.map(holds(forPresent:)) ?? false
    }
  }

  private func holds(forPresent value: JSONValue) -> Bool {
    switch self {
    case .present: value != .null
    case .absent, .not: false
    case .null: value == .null
    case .empty: Condition.isEmpty(value)
    case .blank: Condition.isBlank(value)
    case .filled: !Condition.isBlank(value)
    case .equals(let expected): Condition.areEqual(value, expected)
    case .oneOf(let expected): expected.contains { Condition.areEqual(value, $0) }
    case .greater(let bound): Condition.order(value, bound) == .above
    case .atLeast(let bound): [.above, .same].contains(Condition.order(value, bound))
    case .less(let bound): Condition.order(value, bound) == .below
    case .atMost(let bound): [.below, .same].contains(Condition.order(value, bound))
    case .text(let pattern): if case .string(let text) = value { pattern.matches(text) } else { false }
    }
  }

  private static func isEmpty(_ value: JSONValue) -> Bool {
    switch value {
    case .string(let text): text.isEmpty
    case .array(let values): values.isEmpty
    case .object(let object): object.members.isEmpty
    default: false
    }
  }

  private static func isBlank(_ value: JSONValue) -> Bool {
    if case .string(let text) = value { return text.unicodeScalars.allSatisfy(\.properties.isWhitespace) }
    return value == .null || isEmpty(value)
  }

  private enum Order {
    case below
    case same
    case above
  }

  private static func areEqual(_ left: JSONValue, _ right: JSONValue) -> Bool {
    switch (left, right) {
    case (.double, .integer), (.double, .unsigned), (.integer, .double), (.unsigned, .double),
      (.integer, .unsigned), (.unsigned, .integer):
      order(left, right) == .same
    default: left == right
    }
  }

  /// Nil for values that have no order: of two kinds, or neither numbers nor text.
  private static func order(_ left: JSONValue, _ right: JSONValue) -> Order? {
    switch (left, right) {
    case (.string(let left), .string(let right)):
      if left == right { return .same }
      return left.unicodeScalars.lexicographicallyPrecedes(right.unicodeScalars) ? .below : .above
    case (.integer(let left), .integer(let right)): return order(left, right)
    case (.unsigned(let left), .unsigned(let right)): return order(left, right)
    case (.integer(let left), .unsigned(let right)): return order(left, right)
    case (.unsigned(let left), .integer(let right)): return order(left, right)
    case (.double(let left), .double(let right)): return order(left, right)
    case (.integer(let left), .double(let right)): return order(left, right)
    case (.double(let left), .integer(let right)): return order(left, right)
    case (.unsigned(let left), .double(let right)): return order(left, right)
    case (.double(let left), .unsigned(let right)): return order(left, right)
    default: return nil
    }
  }

  // The standard library compares whole numbers of two types by value.
  private static func order<L: BinaryInteger, R: BinaryInteger>(_ left: L, _ right: R) -> Order {
    left == right ? .same : left < right ? .below : .above
  }

  private static func order(_ left: Double, _ right: Double) -> Order {
    left == right ? .same : left < right ? .below : .above
  }

  private static func order<L: FixedWidthInteger>(_ left: L, _ right: Double) -> Order {
    switch order(right, left) {
    case .below: .above
    case .same: .same
    case .above: .below
    }
  }

  /// By value, not by the nearest double: 9007199254740993 is above 9007199254740992.0.
  private static func order<R: FixedWidthInteger>(_ left: Double, _ right: R) -> Order {
    let whole = left.rounded(.down)
    guard let exact = R(exactly: whole) else { return left < 0 ? .below : .above }
    if exact != right { return exact < right ? .below : .above }
    return left > whole ? .above : .same
  }
}
