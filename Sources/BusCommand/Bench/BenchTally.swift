internal import Bus
internal import Synchronization

/// What a load brought: how many came, how late, which of them twice.
final class BenchTally: Sendable {
  /// The numbers so far.
  struct Counts: Sendable {
    /// How many were sent.
    var sent = 0
    /// How many came, each counted once.
    var received = 0
    /// How many came again.
    var repeated = 0
    var latency = LatencyHistogram()
    fileprivate var seen = NumberSet()
  }

  private let state = Mutex(Counts())

  var counts: Counts { state.withLock { $0 } }

  func note(sent count: Int) { state.withLock { $0.sent += count } }

  /// Something came, so long after it was due; a number that came before counts as a repeat.
  func note(received number: Int, after latency: Duration) {
    state.withLock { counts in
      guard counts.seen.insert(number) else {
        counts.repeated += 1
        return
      }
      counts.received += 1
      counts.latency.record(latency)
    }
  }

  /// Something came that has no number of ours.
  func note(latency: Duration) {
    state.withLock { counts in
      counts.received += 1
      counts.latency.record(latency)
    }
  }
}

/// Numbers from zero on, a bit each.
struct NumberSet: Sendable {
  /// More than anybody sends in an hour; others are taken as they come.
  static let limit = 1 << 32

  private var words: [UInt64] = []

  /// False for one that is there already.
  mutating func insert(_ number: Int) -> Bool {
    guard number >= 0, number < NumberSet.limit else { return true }
    let (word, bit) = (number >> 6, UInt64(1) << UInt64(number & 63))
    if word >= words.count { words += [UInt64](repeating: 0, count: word + 1 - words.count) }
    guard words[word] & bit == 0 else { return false }
    words[word] |= bit
    return true
  }
}
