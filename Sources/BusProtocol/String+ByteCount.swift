extension String {
  /// The beginning of the text that fits into so many bytes of UTF-8, cut between scalars.
  package func prefix(byteCount: Int) -> String {
    guard utf8.count > byteCount else { return self }
    var end = utf8.index(startIndex, offsetBy: byteCount)
    while end > startIndex, UTF8.isContinuation(utf8[end]) { utf8.formIndex(before: &end) }
    return String(self[..<end])
  }
}
