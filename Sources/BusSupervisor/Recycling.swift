/// When a process that is well is replaced all the same; a spread keeps processes of one age from going together.
public struct Recycling: Sendable, Equatable {
  /// A process is never replaced as long as it is well.
  public static let never = Recycling()

  /// How old it may get.
  public var age: Duration?
  /// How many bytes of memory it may have resident.
  public var memory: Int64?
  /// How many jobs it may do; it is told so in `BUS_RECYCLE_JOBS`, and says when it has.
  public var jobs: Int?
  /// By which part of them the limits are lower for some, at most.
  public var spread: Double

  /// Limits; nil for none.
  public init(age: Duration? = nil, memory: Int64? = nil, jobs: Int? = nil, spread: Double = 0.15) {
    self.age = age
    self.memory = memory
    self.jobs = jobs.map { max(1, $0) }
    self.spread = min(0.9, max(0, spread))
  }

  /// The limits of one process.
  func limits(chance: Double) -> Recycling {
    let part = 1 - spread * chance
    return Recycling(
      age: age.map { $0 * part }, memory: memory.map { Int64(Double($0) * part) },
      jobs: jobs.map { Int(Double($0) * part) }, spread: 0)
  }
}
