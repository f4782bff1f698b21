/// What came of one kind of fault.
struct FaultReport {
  /// The kind, and of which file system or which program.
  var name: String
  /// Why it did not run: what the machine lacks.
  var skipped: String?
  /// How many faults there were.
  var cycles = 0
  /// How often each thing was done, in words: `busd 12`.
  var actions: [String: Int] = [:]
  /// Events that publishers were told are on disk.
  var acknowledged = 0
  /// Events that were published in all.
  var published = 0
  /// Runs of workers.
  var runs = 0
  var verdict: Verdict?
  /// From the start of busd to its readiness, in milliseconds.
  var restarts: [Int] = []
  /// Further figures, in words.
  var figures: [String] = []
  /// What did not hold, beside the verdict.
  var breaches: [String] = []
  /// How long it took, in seconds.
  var seconds = 0

  init(_ name: String) { self.name = name }

  static func skipped(_ fault: FaultName, _ why: String) -> FaultReport {
    var report = FaultReport(fault.rawValue)
    report.skipped = why
    return report
  }

  /// Whether nothing was broken; what was skipped broke nothing, and is counted.
  var holds: Bool { breaches.isEmpty && verdict?.holds ?? true }

  /// The restart time below which so many percent of the restarts were.
  func restart(percent: Int) -> Int? {
    let sorted = restarts.sorted()
    return sorted.isEmpty ? nil : sorted[min(sorted.count - 1, sorted.count * percent / 100)]
  }
}
