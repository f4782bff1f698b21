/// What the environment says to an engine's process; a word that is no number, or out of range, is passed over.
struct EngineSettings: Equatable {
  /// `BUS_SLOT`: which of the engine's processes this is, for people.
  let slot: Int
  /// `BUS_CONCURRENCY`: how many jobs run at once.
  let concurrency: Int?
  /// `BUS_RECYCLE_JOBS`: after how many jobs the supervisor wants to hear of it.
  let recycleJobs: Int?
  /// `BUS_SHUTDOWN`, in seconds: so long a stopping process lets its runs go on.
  let shutdownTime: Duration

  init(_ environment: [String: String]) {
    slot = environment["BUS_SLOT"].flatMap { Int($0) } ?? 1
    concurrency = environment["BUS_CONCURRENCY"].flatMap { Int($0) }.flatMap { (1...10_000).contains($0) ? $0 : nil }
    recycleJobs = environment["BUS_RECYCLE_JOBS"].flatMap { Int($0) }.flatMap { $0 > 0 ? $0 : nil }
    let seconds = environment["BUS_SHUTDOWN"].flatMap { Double($0) }.flatMap { (0...86_400).contains($0) ? $0 : nil }
    shutdownTime = .seconds(seconds ?? 25)
  }
}
