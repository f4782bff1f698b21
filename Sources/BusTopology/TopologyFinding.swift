/// One mistake in a topology file: where it is, what is wrong, and what to write instead.
public struct TopologyFinding: Sendable, Equatable, CustomStringConvertible {
  /// The file as it was named to the parser.
  public var file: String
  /// The line from 1; 0 when the file as a whole is meant, for example one that cannot be read.
  public var line: Int
  /// The column from 1, counted in Unicode scalars; 0 when the file as a whole is meant.
  public var column: Int
  /// What is wrong, with the value: `unknown key 'starve-afer' in queue account/refresh`.
  public var problem: String
  /// What to write instead, where something is near.
  public var help: String?
  /// The line as it stands in the file.
  public var sourceLine: String

  /// Makes a finding.
  public init(
    file: String, line: Int, column: Int, problem: String, help: String? = nil, sourceLine: String = ""
  ) {
    self.file = file
    self.line = line
    self.column = column
    self.problem = problem
    self.help = help
    self.sourceLine = sourceLine
  }

  /// The finding as a compiler prints one: place and problem, the line with a caret, the help.
  public var description: String {
    let place = SourcePosition(file: file, line: line, column: column)
    var text = "\(place): error: \(printable(problem))"
    if line > 0 { text += excerpt }
    if let help { text += "\n   = help: \(printable(help))" }
    return text
  }

  /// The source line around the column, at most `widest` scalars of it, and the caret under the column.
  private var excerpt: String {
    let widest = 160
    let scalars = Array(sourceLine.unicodeScalars)
    let target = min(max(0, column - 1), scalars.count)
    let start = target < widest ? 0 : target - widest / 2
    let shown = scalars[start..<min(scalars.count, start + widest)]
    let indent = scalars[start..<target].map { $0 == "\t" ? "\t" : " " }.joined()
    return "\n   | \(printable(shown))\n   | \(indent)^"
  }
}

/// What a terminal may be shown: control characters would move its cursor or colour what follows.
func printable(_ text: some Sequence<Unicode.Scalar>) -> String {
  var shown = String.UnicodeScalarView()
  for scalar in text {
    let isControl = scalar.value < 32 && scalar != "\t" || (0x7F...0x9F).contains(scalar.value)
    shown.append(isControl ? "\u{FFFD}" : scalar)
  }
  return String(shown)
}

/// The same for text.
func printable(_ text: String) -> String { printable(text.unicodeScalars) }
