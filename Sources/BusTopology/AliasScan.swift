/// Counts what may be an alias before the parser expands it.
///
/// Sixteen aliases can at most make a document some hundred times larger; a few hundred could make it endless, and the
/// parser compares keys by all that is in them. Quoted text counts too where a blank stands before its `*`: a file that
/// has more than sixteen of those is refused without need, which has not been met.
enum AliasScan {
  static func place(ofAliasNumber number: Int, in source: SourceText) -> SourceText.Place? {
    var found = 0
    for (row, line) in source.lines.enumerated() {
      guard line.first(where: { $0 != " " && $0 != "\t" }) != "#" else { continue }
      for column in line.indices where isAlias(at: column, in: line) {
        found += 1
        if found == number { return SourceText.Place(line: row + 1, column: column + 1) }
      }
    }
    return nil
  }

  private static func isAlias(at column: Int, in line: [Unicode.Scalar]) -> Bool {
    guard line[column] == "*", column + 1 < line.count else { return false }
    let next = line[column + 1]
    guard next.properties.isAlphabetic || ("0"..."9").contains(next) || next == "_" || next == "-" else {
      return false
    }
    guard column > 0 else { return true }
    // `user:*` is a plain text; behind a key in quotes a colon needs no blank.
    if line[column - 1] == ":" { return column > 1 && "\"'".unicodeScalars.contains(line[column - 2]) }
    return " \t[{,?".unicodeScalars.contains(line[column - 1])
  }
}
