/// A schedule or a time zone that cannot be used: where, why, and what would be right.
public struct ScheduleError: Error, Hashable, Sendable, CustomStringConvertible {
  /// What was written: an expression, or the name of a zone.
  public var text: String
  /// Where the fault is, from 1, in characters.
  public var column: Int
  /// What is wrong there.
  public var problem: String
  /// What would be right.
  public var help: String

  /// A fault at a place.
  public init(text: String, column: Int = 1, problem: String, help: String) {
    self.text = text
    self.column = column
    self.problem = problem
    self.help = help
  }

  /// Text, place, problem and help on one line.
  public var description: String {
    "\(ProtocolError.quoted(text, limit: 60)) fails at column \(column): \(problem); \(help)"
  }
}
