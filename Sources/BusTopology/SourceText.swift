/// A file's text, cut into the lines that the YAML parser counts.
struct SourceText {
  /// A place in the text, line and column from 1, the column in Unicode scalars.
  struct Place: Hashable, Comparable {
    var line: Int
    var column: Int

    static func < (left: Place, right: Place) -> Bool { (left.line, left.column) < (right.line, right.column) }
  }

  let file: String
  let lines: [[Unicode.Scalar]]

  init(_ text: String, file: String) {
    self.file = file
    lines = SourceText.lines(of: text)
  }

  /// The line as text, empty for one that does not exist.
  func line(_ number: Int) -> String {
    guard lines.indices.contains(number - 1) else { return "" }
    return String(String.UnicodeScalarView(lines[number - 1]))
  }

  /// The scalar at a place, nil at and behind the end of a line.
  func scalar(at place: Place) -> Unicode.Scalar? {
    guard lines.indices.contains(place.line - 1) else { return nil }
    let line = lines[place.line - 1]
    return line.indices.contains(place.column - 1) ? line[place.column - 1] : nil
  }

  /// The place of a column within a value that begins at a place. Where the value is written in another way than it
  /// reads (escapes, several lines), the beginning is as near as one can say.
  func place(of column: Int, in value: String, from start: Place) -> Place {
    let quote = scalar(at: start)
    let offset = quote == "'" || quote == "\"" ? 1 : 0
    let first = start.column + offset
    let isLiteral = value.unicodeScalars.prefix(column).enumerated().allSatisfy { index, scalar in
      self.scalar(at: Place(line: start.line, column: first + index)) == scalar
    }
    return isLiteral ? Place(line: start.line, column: first + column - 1) : start
  }

  func finding(at place: Place, _ problem: String, help: String? = nil) -> TopologyFinding {
    TopologyFinding(
      file: file, line: place.line, column: place.column, problem: problem, help: help,
      sourceLine: line(place.line))
  }

  /// YAML 1.1 also breaks lines at NEL, LS and PS; libyaml counts them, so the caret must too.
  private static func lines(of text: String) -> [[Unicode.Scalar]] {
    var lines: [[Unicode.Scalar]] = [[]]
    var wasReturn = false
    for scalar in text.unicodeScalars {
      switch scalar.value {
      case 0x0A where wasReturn: wasReturn = false
      case 0x0A, 0x0D, 0x85, 0x2028, 0x2029:
        lines.append([])
        wasReturn = scalar.value == 0x0D
      default:
        lines[lines.count - 1].append(scalar)
        wasReturn = false
      }
    }
    return lines
  }
}
