/// A filter that cannot be used: where, why, and what would be right.
public struct FilterError: Error, Hashable, Sendable, CustomStringConvertible {
  /// The filter as it was written.
  public var text: String
  /// Where the fault is, from 1, in characters as a terminal counts them (Unicode scalars).
  public var column: Int
  /// What is wrong there.
  public var problem: String
  /// What would be right.
  public var help: String

  /// A fault at a place.
  public init(text: String, column: Int, problem: String, help: String) {
    self.text = text
    self.column = column
    self.problem = problem
    self.help = help
  }

  /// Problem and help on one line.
  public var message: String { "\(problemAndPlace); \(help)" }

  /// The problem and where it is, for those who show the help elsewhere.
  public var problemAndPlace: String { "the filter fails at column \(column): \(problem)" }

  /// The line around the fault, and a caret below the column.
  public var excerpt: [String] {
    let scalars = Array(text.unicodeScalars)
    let index = min(max(column - 1, 0), scalars.count)
    let first = index > FilterError.before ? index - FilterError.before : 0
    let last = min(scalars.count, index + FilterError.behind)
    var line = ""
    for scalar in scalars[first..<last] {
      // One column for each: a tab or a control character would move the caret away.
      line.unicodeScalars.append(FilterError.isPlain(scalar) ? scalar : " ")
    }
    let (lead, trail) = (first > 0 ? "…" : "", last < scalars.count ? "…" : "")
    return [lead + line + trail, String(repeating: " ", count: index - first + lead.count) + "^"]
  }

  /// The message, the line, and the caret.
  public var description: String { ([message] + excerpt.map { "  " + $0 }).joined(separator: "\n") }

  /// How much of a long filter is shown around the fault.
  private static let before = 60
  private static let behind = 40

  private static func isPlain(_ scalar: Unicode.Scalar) -> Bool {
    switch scalar.properties.generalCategory {
    case .control, .format, .surrogate, .privateUse, .unassigned, .lineSeparator, .paragraphSeparator: false
    default: true
    }
  }
}
