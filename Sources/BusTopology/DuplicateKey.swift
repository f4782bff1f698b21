/// Finds where a key stands a second time: Yams only tells where it stood first.
struct DuplicateKey {
  private let key: [Unicode.Scalar]
  private let first: SourceText.Place

  init(_ key: String, first: SourceText.Place) {
    self.key = Array(key.unicodeScalars)
    self.first = first
  }

  /// The place of the second one; nil where the key is written in a way that this does not know, with escapes say.
  func second(in source: SourceText) -> SourceText.Place? {
    guard source.lines.indices.contains(first.line - 1) else { return nil }
    let line = source.lines[first.line - 1]
    let before = line.prefix(first.column - 1).last { $0 != " " }
    return before == "{" || before == "," ? secondInFlow(source) : secondInBlock(source)
  }

  /// In a block map the second one begins in the same column, before any line that is indented less.
  private func secondInBlock(_ source: SourceText) -> SourceText.Place? {
    for row in source.lines.indices.dropFirst(first.line) {
      let line = source.lines[row]
      guard let start = line.firstIndex(where: { $0 != " " }), line[start] != "#" else { continue }
      if start < first.column - 1 { return nil }
      if start == first.column - 1, isKey(at: start, in: line) {
        return SourceText.Place(line: row + 1, column: start + 1)
      }
    }
    return nil
  }

  /// In a flow map the second one follows a comma between the same braces.
  private func secondInFlow(_ source: SourceText) -> SourceText.Place? {
    var depth = 0
    var quote: Unicode.Scalar?
    var followsComma = false
    for row in source.lines.indices.dropFirst(first.line - 1) {
      let line = source.lines[row]
      for column in line.indices where row >= first.line || column >= first.column - 1 {
        let scalar = line[column]
        if quote == nil, depth == 0, followsComma, isKey(at: column, in: line) {
          return SourceText.Place(line: row + 1, column: column + 1)
        }
        if quote != nil {
          if scalar == quote { quote = nil }
        } else {
          switch scalar {
          case "\"", "'": quote = scalar
          case "{", "[": depth += 1
          case "}", "]": depth -= 1
          default: break
          }
        }
        if depth < 0 { return nil }
        followsComma = scalar == "," || followsComma && scalar == " "
      }
    }
    return nil
  }

  /// Whether the key stands at the column, plain or in quotes, with a colon behind it.
  private func isKey(at column: Int, in line: [Unicode.Scalar]) -> Bool {
    for quote in [[], ["\""], ["'"]] as [[Unicode.Scalar]] {
      let written = quote + key + quote
      guard line[column...].starts(with: written) else { continue }
      if line[(column + written.count)...].first(where: { $0 != " " }) == ":" { return true }
    }
    return false
  }
}
