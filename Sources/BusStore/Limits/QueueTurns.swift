/// Whose turn it is among queues of one priority: each gets hands in proportion to its weight, while it has jobs.
///
/// Stride scheduling: each queue has a pass that moves on by `1 / weight` with each job, and the one that is furthest
/// behind goes next. A queue that was empty begins where the others are: turns are not saved up. While the same queues
/// have jobs, each is less than the number of queues away from its exact share. Pure.
public struct QueueTurns: Hashable, Sendable {
  /// A queue that takes part.
  public struct Candidate: Hashable, Sendable {
    /// Its number.
    public var queue: Int64
    /// Its share beside those of the others, from 1 to ``maximumWeight``.
    public var weight: Int
    /// How many jobs it could give.
    public var ready: Int

    /// A queue with its weight; one outside of the range is held at the nearer end.
    public init(queue: Int64, weight: Int, ready: Int) {
      self.queue = queue
      self.weight = min(max(1, weight), QueueTurns.maximumWeight)
      self.ready = ready
    }

    fileprivate var stride: UInt64 { QueueTurns.lap / UInt64(weight) }
  }

  /// The largest weight.
  public static let maximumWeight = 1000
  /// The step of weight 1: so fine that rounding costs weight 1000 less than a thousandth, so small that a UInt64
  /// outlives the bus.
  private static let lap: UInt64 = 1 << 20

  private var passes: [Int64: UInt64] = [:]
  /// The pass of whoever went last: nobody who comes to have jobs begins before it.
  private var present: UInt64 = 0

  /// Nobody has gone yet.
  public init() {}

  /// Deals so many hands: how many each candidate gets, in their order; of equals the first goes first.
  public mutating func deal(_ hands: Int, to candidates: [Candidate]) -> [Int] {
    var dealt = Array(repeating: 0, count: candidates.count)
    // One alone need not be counted: those who come later begin where it is.
    if let only = QueueTurns.onlyOne(candidates) {
      dealt[only] = min(hands, candidates[only].ready)
      return dealt
    }
    var passes = candidates.map { max(self.passes[$0.queue] ?? 0, present) }
    for _ in 0..<max(0, hands) {
      let open = candidates.indices.lazy.filter { dealt[$0] < candidates[$0].ready }
      guard let next = open.min(by: { passes[$0] < passes[$1] }) else { break }
      present = passes[next]
      passes[next] += candidates[next].stride
      dealt[next] += 1
    }
    for (index, candidate) in candidates.enumerated() where dealt[index] > 0 {
      self.passes[candidate.queue] = passes[index]
    }
    return dealt
  }

  /// So many of the hands that a candidate was dealt found no job: they do not count.
  public mutating func giveBack(_ hands: Int, of candidate: Candidate) {
    guard hands > 0, let pass = passes[candidate.queue] else { return }
    passes[candidate.queue] = pass - min(pass, UInt64(hands) * candidate.stride)
  }

  private static func onlyOne(_ candidates: [Candidate]) -> Int? {
    let open = candidates.indices.filter { candidates[$0].ready > 0 }
    return open.count == 1 ? open[0] : nil
  }
}
