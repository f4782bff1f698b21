internal import BusProtocol

/// Tells what a job waits for that waits for others.
struct WhyBatch {
  /// Its batch, with some of the jobs that have not ended.
  var batch: JobBatch

  /// `waits for 3 of 5 jobs of its batch: 01…, 01…`.
  var lines: [String] {
    guard batch.open > 0 else { return [ended] }
    let names = batch.jobs.map(\.job.description)
    if let step = batch.step { return ["waits for step \(step) of its chain: \(names.joined(separator: ", "))"] }
    var line = "waits for \(batch.open) of \(Brief.count(batch.size, "job")) of its batch"
    if !names.isEmpty { line += ": \(names.joined(separator: ", "))" }
    if batch.open > names.count, batch.next != nil { line += " and others" }
    guard batch.next == nil, batch.open > names.count else { return [line] }
    let missing = batch.open - names.count
    return [line, "\(missing) of them \(missing == 1 ? "was" : "were") not asked for yet"]
  }

  /// `it waited for the 5 jobs of its batch`.
  var ended: String {
    batch.step.map { "it waited for step \($0) of its chain" }
      ?? "it waited for the \(Brief.count(batch.size, "job")) of its batch"
  }
}
