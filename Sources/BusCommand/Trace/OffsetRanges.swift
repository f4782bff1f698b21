internal import BusProtocol

/// Stretches of the spool, none touching another.
struct OffsetRanges: Equatable {
  /// In their order.
  private(set) var ranges: [ClosedRange<UInt64>] = []

  /// What of a stretch is not in here yet, in its order.
  func missing(from stretch: ClosedRange<UInt64>) -> [ClosedRange<UInt64>] {
    var missing: [ClosedRange<UInt64>] = []
    var next = stretch.lowerBound
    for range in ranges where range.overlaps(stretch) {
      if range.lowerBound > next { missing.append(next...(range.lowerBound - 1)) }
      guard range.upperBound < stretch.upperBound else { return missing }
      next = range.upperBound + 1
    }
    missing.append(next...stretch.upperBound)
    return missing
  }

  /// Adds a stretch, and joins what it touches.
  mutating func insert(_ stretch: ClosedRange<UInt64>) {
    var joined = stretch
    ranges.removeAll { range in
      let touches =
        range.upperBound >= joined.lowerBound - min(1, joined.lowerBound)
        && range.lowerBound <= joined.upperBound + (joined.upperBound == .max ? 0 : 1)
      if touches {
        joined = min(joined.lowerBound, range.lowerBound)...max(joined.upperBound, range.upperBound)
      }
      return touches
    }
    let place = ranges.firstIndex { $0.lowerBound > joined.lowerBound } ?? ranges.endIndex
    ranges.insert(joined, at: place)
  }
}
