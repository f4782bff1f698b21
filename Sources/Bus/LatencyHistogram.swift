/// Durations counted by size, in constant memory: what a percentile is taken from.
///
/// A bucket is 1/32 of a power of two of nanoseconds wide, so that what it says is at most 3 % above what was measured;
/// smallest and largest are exact.
package struct LatencyHistogram: Sendable {
  /// Each power of two has so many buckets: 2^5.
  private static let bits = 5
  private static let bucketCount = (64 - bits + 1) << bits

  private var counts = [UInt64](repeating: 0, count: bucketCount)
  /// How many were counted.
  package private(set) var count: UInt64 = 0
  private var smallest = UInt64.max
  private var largest: UInt64 = 0

  /// Without any.
  package init() {}

  /// Counts one; a negative one, which clocks that are set may give, counts as zero.
  package mutating func record(_ duration: Duration) {
    let (seconds, attoseconds) = duration.components
    let (product, isOver) = max(0, seconds).multipliedReportingOverflow(by: 1_000_000_000)
    let nanoseconds = isOver ? UInt64(Int64.max) : UInt64(product) &+ UInt64(max(0, attoseconds) / 1_000_000_000)
    counts[LatencyHistogram.bucket(of: nanoseconds)] += 1
    count += 1
    smallest = min(smallest, nanoseconds)
    largest = max(largest, nanoseconds)
  }

  /// Counts what another one has counted too.
  package mutating func merge(_ other: LatencyHistogram) {
    for index in counts.indices { counts[index] += other.counts[index] }
    count += other.count
    smallest = min(smallest, other.smallest)
    largest = max(largest, other.largest)
  }

  /// The smallest; nil without any.
  package var minimum: Duration? { count == 0 ? nil : .nanoseconds(Int64(clamping: smallest)) }

  /// The largest; nil without any.
  package var maximum: Duration? { count == 0 ? nil : .nanoseconds(Int64(clamping: largest)) }

  /// What the share of all (0.99) does not exceed; nil without any.
  package func quantile(_ share: Double) -> Duration? {
    guard count > 0 else { return nil }
    let rank = max(1, UInt64((Double(count) * min(max(share, 0), 1)).rounded(.up)))
    var seen: UInt64 = 0
    for (bucket, number) in counts.enumerated() where number > 0 {
      seen += number
      guard seen < rank else {
        return .nanoseconds(Int64(clamping: max(smallest, min(largest, LatencyHistogram.upperEdge(of: bucket)))))
      }
    }
    return maximum
  }

  /// A row of what people look at: how many were longer than the row before and at most so long.
  package struct Row: Equatable, Sendable {
    /// The longest that the row counts.
    package var upTo: Duration
    /// How many there were.
    package var count: UInt64
  }

  /// Rows at 1, 2, 5, 10 … microseconds, without the empty ones at both ends. A bucket belongs to the row of its upper edge.
  package var rows: [Row] {
    var rows: [Row] = []
    var bucket = 0
    var edge: UInt64 = 1000
    var steps: [UInt64] = [2, 5, 2]
    while bucket < counts.count, rows.count < 64 {
      var sum: UInt64 = 0
      while bucket < counts.count, LatencyHistogram.upperEdge(of: bucket) <= edge || edge > largest {
        sum += counts[bucket]
        bucket += 1
      }
      rows.append(Row(upTo: .nanoseconds(Int64(clamping: edge)), count: sum))
      // 1, 2, 5, 10: times 2, 2.5, 2.
      edge = steps[0] == 5 ? edge / 2 &* 5 : edge &* 2
      steps.append(steps.removeFirst())
    }
    let full = rows.indices.filter { rows[$0].count > 0 }
    guard let first = full.first, let last = full.last else { return [] }
    return Array(rows[first...last])
  }

  private static func bucket(of value: UInt64) -> Int {
    let exponent = 63 - (value | 1).leadingZeroBitCount
    guard exponent > bits else { return Int(value) }
    return (exponent - bits) << bits + Int(value >> (exponent - bits))
  }

  /// The largest value that a bucket counts.
  private static func upperEdge(of bucket: Int) -> UInt64 {
    guard bucket >= 2 << bits else { return UInt64(bucket) }
    let exponent = bucket >> bits - 1
    let mantissa = UInt64(bucket & (1 << bits - 1) + 1 << bits)
    return (mantissa << exponent) | (1 << exponent - 1)
  }
}
