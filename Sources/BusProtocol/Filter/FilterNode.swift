/// A filter as it was read, before it is known what it is for.
package indirect enum FilterNode: Hashable, Sendable {
  /// All hold.
  case all([FilterNode])
  /// At least one holds.
  case any([FilterNode])
  /// It does not hold. `!=`, `!~` and `not in` are this, too.
  case not(FilterNode)
  /// Something holds of the value at a path.
  case test(FilterPath, FilterTest)
  /// A text of the event or job contains the value's text.
  case mention(FilterValue)
}

/// A field and the way from it into JSON: `data.items[0].id`.
package struct FilterPath: Hashable, Sendable {
  /// One step into a value of JSON.
  package enum Step: Hashable, Sendable {
    /// To the member of an object.
    case key(String)
    /// To the element of a list, from 0.
    case index(Int)
  }

  package let field: String
  package let steps: [Step]
  package let place: FilterPlace

  /// As a message shows it.
  var shown: String { text.utf8.count > 60 ? "\(text.prefix(60))…" : text }

  package var text: String {
    steps.reduce(into: field) { text, step in
      switch step {
      case .key(let key): text += ".\(key)"
      case .index(let index): text += "[\(index)]"
      }
    }
  }
}

/// What is asked of a value.
package enum FilterTest: Hashable, Sendable {
  /// `has(path)`
  case isPresent
  /// `path == value`
  case equals(FilterValue)
  /// `path < value` and its like
  case compares(FilterOrder, FilterValue)
  /// `path ~ 'pattern'`
  case matches(FilterValue)
  /// `path in (value, value)`
  case isIn([FilterValue])
  /// `path:value`
  case means(FilterValue)
}

/// A comparison that needs an order.
package enum FilterOrder: String, Hashable, Sendable, CaseIterable {
  case less = "<"
  case lessOrEqual = "<="
  case greater = ">"
  case greaterOrEqual = ">="
}

/// A value as it was written, and where.
package struct FilterValue: Hashable, Sendable {
  package let literal: FilterLiteral
  package let place: FilterPlace
}

extension FilterNode {
  /// The long form, which reads to an equal value.
  var text: String {
    switch self {
    case .all(let nodes): nodes.map(\.operand).joined(separator: " and ")
    case .any(let nodes): nodes.map(\.alternative).joined(separator: " or ")
    case .not(.test(let path, .equals(let value))): "\(path.text) != \(value.literal.text)"
    case .not(.test(let path, .matches(let value))): "\(path.text) !~ \(value.literal.text)"
    case .not(.test(let path, .isIn(let values))): "\(path.text) not in \(FilterNode.list(values))"
    case .not(let node): "not \(node.operand)"
    case .test(let path, .isPresent): "has(\(path.text))"
    case .test(let path, .equals(let value)): "\(path.text) == \(value.literal.text)"
    case .test(let path, .compares(let order, let value)): "\(path.text) \(order.rawValue) \(value.literal.text)"
    case .test(let path, .matches(let value)): "\(path.text) ~ \(value.literal.text)"
    case .test(let path, .isIn(let values)): "\(path.text) in \(FilterNode.list(values))"
    case .test(let path, .means(let value)): "\(path.text):\(value.literal.text)"
    case .mention(let value): value.literal.text
    }
  }

  /// The text beside others of which one must hold: `and` binds closer, so that no level is added.
  private var alternative: String { if case .all = self { text } else { operand } }

  /// The text beside others that must hold too, or below `not`.
  private var operand: String {
    switch self {
    case .all, .any: "(\(text))"
    case .not, .test, .mention: text
    }
  }

  private static func list(_ values: [FilterValue]) -> String {
    "(\(values.map(\.literal.text).joined(separator: ", ")))"
  }
}
