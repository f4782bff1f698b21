/// Where something is written: file, line and column, both from 1.
///
/// Any two positions are equal, so that two definitions are equal when they say the same, wherever they stand.
/// Compare `line` and `column` where the place itself matters.
public struct SourcePosition: Sendable, Equatable, CustomStringConvertible {
  /// The file as it was named to the parser.
  public var file: String
  /// The line from 1; 0 for the file as a whole.
  public var line: Int
  /// The column from 1, counted in Unicode scalars; 0 for the file as a whole.
  public var column: Int

  /// Something that no file wrote: a default, or a value made by code.
  public static let unwritten = SourcePosition(file: "", line: 0, column: 0)

  /// A place in a file.
  public init(file: String, line: Int, column: Int) {
    self.file = file
    self.line = line
    self.column = column
  }

  /// Always true; see above.
  public static func == (left: SourcePosition, right: SourcePosition) -> Bool { true }

  /// `shop.yaml:20:7`, or the file alone where there is no line.
  public var description: String { line > 0 ? "\(file):\(line):\(column)" : file }
}
