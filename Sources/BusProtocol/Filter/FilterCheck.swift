/// What a bound filter asks of one value.
package enum FilterCheck: Hashable, Sendable {
  /// It is there.
  case isPresent
  /// It equals one of these.
  case isAnyOf([FilterScalar])
  /// It is of the scalar's type, and on that side of it.
  case compares(FilterOrder, FilterScalar)
  /// It is text of the pattern, in which only `*` is special.
  case matches(String)
}

/// A value to compare with.
package enum FilterScalar: Hashable, Sendable {
  case null
  case bool(Bool)
  case integer(Int64)
  case double(Double)
  case text(String)
  case time(Timestamp)
}

extension FilterCheck {
  /// Whether it holds of a value; nil is one that is not there. Times are their microseconds.
  package func holds(of value: JSONValue?) -> Bool {
    guard let value else { return false }
    switch self {
    case .isPresent: return true
    case .isAnyOf(let scalars): return scalars.contains { $0.order(to: value) == .same }
    case .compares(let order, let scalar):
      guard scalar.hasOrder else { return false }
      switch (scalar.order(to: value), order) {
      case (.before, .less), (.before, .lessOrEqual), (.same, .lessOrEqual), (.same, .greaterOrEqual): return true
      case (.behind, .greater), (.behind, .greaterOrEqual): return true
      default: return false
      }
    case .matches(let pattern):
      guard case .string(let text) = value else { return false }
      return TopicPattern.matches(pattern.utf8, text.utf8)
    }
  }
}

extension FilterScalar {
  /// Where a value stands, seen from the scalar.
  fileprivate enum Place {
    case before, same, behind

    init<Number: Comparable>(_ value: Number, _ scalar: Number) {
      self = value < scalar ? .before : value == scalar ? .same : .behind
    }
  }

  fileprivate var hasOrder: Bool {
    switch self {
    case .null, .bool: false
    case .integer, .double, .text, .time: true
    }
  }

  /// Nil where they are of different types.
  fileprivate func order(to value: JSONValue) -> Place? {
    switch (self, value) {
    case (.null, .null): .same
    case (.bool(let scalar), .bool(let value)): scalar == value ? .same : .before
    case (.text(let scalar), .string(let value)): FilterScalar.byBytes(value, scalar)
    case (.integer(let scalar), .integer(let value)): Place(value, scalar)
    case (.time(let scalar), .integer(let value)): Place(value, scalar.microseconds)
    // Above every Int64.
    case (.integer, .unsigned): .behind
    case (.integer(let scalar), .double(let value)): FilterScalar.exactly(value, scalar)
    case (.double(let scalar), .double(let value)): Place(value, scalar)
    case (.double(let scalar), .unsigned(let value)): Place(Double(value), scalar)
    case (.double(let scalar), .integer(let value)):
      switch FilterScalar.exactly(scalar, value) {
      case .before: .behind
      case .same: .same
      case .behind: .before
      }
    default: nil
    }
  }

  /// Text is what its bytes are: no rules of a language, no two ways to write one é.
  private static func byBytes(_ value: String, _ scalar: String) -> Place {
    if value.utf8.elementsEqual(scalar.utf8) { return .same }
    return value.utf8.lexicographicallyPrecedes(scalar.utf8) ? .before : .behind
  }

  /// Compares without turning the whole number into a double, which 64 bits do not survive.
  private static func exactly(_ value: Double, _ whole: Int64) -> Place {
    if value >= 0x1p63 { return .behind }
    if value < -0x1p63 { return .before }
    let truncated = Int64(value)
    guard truncated == whole else { return Place(truncated, whole) }
    return Place(value - value.rounded(.towardZero), 0)
  }
}
