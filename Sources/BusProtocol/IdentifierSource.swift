/// Makes ids of a moment and of chance that was fetched for many at once: asking the system for each costs more than an event.
public struct IdentifierSource: Sendable {
  private var pool: [UInt64] = []
  private let fetch: @Sendable () -> UInt64

  /// Takes the source of chance: 64 independent bits each time.
  public init(random: @escaping @Sendable () -> UInt64) {
    fetch = random
    pool.reserveCapacity(IdentifierSource.poolSize)
  }

  /// Makes the next id.
  public mutating func next<Subject>(at time: Timestamp) -> Identifier<Subject> {
    // An id has 64 bits of chance: the two highest go to the first half, the others to the second.
    let word = word()
    return Identifier(at: time, random: (word >> 62, word))
  }

  private mutating func word() -> UInt64 {
    if pool.isEmpty { for _ in 0..<IdentifierSource.poolSize { pool.append(fetch()) } }
    return pool.removeLast()
  }

  private static let poolSize = 64
}
