/// Finds what a mistyped word was meant to be.
package enum NearestWord {
  /// The known word that begins like it or has the fewest edits, at most a third of its letters; nil when none is near.
  package static func to(_ word: String, among known: [String]) -> String? {
    let typed = Array(word.lowercased().utf8)
    guard !typed.isEmpty, typed.count <= 64 else { return nil }
    if typed.count >= 3, let longer = known.first(where: { $0.utf8.starts(with: typed) }) { return longer }
    let candidates = known.map { (word: $0, edits: edits(typed, Array($0.lowercased().utf8))) }
    guard let best = candidates.min(by: { $0.edits < $1.edits }) else { return nil }
    return best.edits <= max(1, typed.count / 3) ? best.word : nil
  }

  /// Bytes put in, left out or exchanged, and neighbours swapped.
  static func edits(_ left: [UInt8], _ right: [UInt8]) -> Int {
    guard !left.isEmpty, !right.isEmpty else { return max(left.count, right.count) }
    var beforeLast: [Int] = []
    var last = Array(0...right.count)
    for i in 1...left.count {
      var row = [i]
      for j in 1...right.count {
        var cost = min(last[j] + 1, row[j - 1] + 1, last[j - 1] + (left[i - 1] == right[j - 1] ? 0 : 1))
        if i > 1, j > 1, left[i - 1] == right[j - 2], left[i - 2] == right[j - 1] {
          cost = min(cost, beforeLast[j - 2] + 1)
        }
        row.append(cost)
      }
      beforeLast = last
      last = row
    }
    return last[right.count]
  }
}
