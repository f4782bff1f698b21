internal import Synchronization

/// The moments of the last million numbers: what is under way longer than that has no latency, and is only counted.
final class BenchMoments: Sendable {
  private static let capacity = 1 << 20

  private struct Ring {
    var moments: [ContinuousClock.Instant] = []
    var numbers: [Int] = []
  }

  private let ring = Mutex(Ring())

  /// Notes when a number was due.
  func note(_ number: Int, _ moment: ContinuousClock.Instant) {
    guard number >= 0 else { return }
    ring.withLock { ring in
      let place = number % BenchMoments.capacity
      while ring.numbers.count <= place {
        ring.numbers.append(-1)
        ring.moments.append(moment)
      }
      (ring.numbers[place], ring.moments[place]) = (number, moment)
    }
  }

  /// How long ago it was due; nil for one that was not noted, or too long ago.
  func age(of number: Int) -> Duration? {
    let now = ContinuousClock.now
    return ring.withLock { ring in
      let place = number % BenchMoments.capacity
      guard number >= 0, place < ring.numbers.count, ring.numbers[place] == number else { return nil }
      return now - ring.moments[place]
    }
  }
}
