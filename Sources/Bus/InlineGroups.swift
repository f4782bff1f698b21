internal import BusProtocol

/// The batches and chains of an ``InlineMemory``: who waits for whose end. There a job ends with its one run.
struct InlineGroups: Sendable {
  /// One job that waits, or did and has not ended yet.
  struct Batch: Sendable {
    var status: JobBatch
    /// Nil when its turn has come.
    var waiting: NewJob?
  }

  /// By the job that waits.
  private(set) var batches: [JobID: Batch] = [:]
  /// Who waits for a job, and where in that batch it stands.
  private var awaiters: [JobID: [(batch: JobID, index: Int)]] = [:]

  var waitingCount: Int { batches.count }

  /// Has a job wait for others; returns it when it need not. Asked again for the same places it changes nothing.
  mutating func add(
    _ jobs: [JobID], from first: Int, size: Int, step: Int? = nil, then: NewJob
  ) -> [NewJob] {
    var batch =
      batches[then.id] ?? Batch(status: JobBatch(then: then.id, size: size, open: size, step: step), waiting: then)
    let known = Set(batch.status.jobs.map(\.place))
    for (index, job) in jobs.enumerated() where !known.contains(first + index) {
      awaiters[job, default: []].append((then.id, batch.status.jobs.count))
      batch.status.jobs.append(JobBatch.Member(place: first + index, job: job, state: .ready, isOpen: true))
    }
    batches[then.id] = batch
    return size == 0 ? take(then.id) : []
  }

  /// A job ended; returns those whose turn has come.
  mutating func ended(_ result: JobResult) -> [NewJob] {
    batches[result.id] = nil
    var (released, ends) = ([NewJob](), [result])
    while let end = ends.popLast() {
      for (id, index) in awaiters.removeValue(forKey: end.id) ?? [] {
        guard close(end, in: id, at: index), let batch = batches[id] else { continue }
        if batch.status.step == nil || end.outcome == .done || end.outcome == .notNeeded {
          released += take(id)
        } else {
          // The chain stops: what follows is taken out, as if it had been cancelled.
          batches[id] = nil
          ends.append(JobResult(id: id, token: 0, outcome: .cancelled(reason: "its chain stopped")))
        }
      }
    }
    return released
  }

  /// Notes an end; returns whether it was the last one.
  private mutating func close(_ end: JobResult, in id: JobID, at index: Int) -> Bool {
    guard let member = batches[id]?.status.jobs[index], member.isOpen else { return false }
    let (state, error) = end.outcome.end
    batches[id]?.status.jobs[index] = JobBatch.Member(
      place: member.place, job: member.job, state: state, result: end.result, error: error)
    batches[id]?.status.open -= 1
    return batches[id]?.status.open == 0
  }

  private mutating func take(_ id: JobID) -> [NewJob] {
    defer { batches[id]?.waiting = nil }
    return batches[id]?.waiting.map { [$0] } ?? []
  }
}

extension Outcome {
  /// How a job ended that runs once, and what went wrong.
  fileprivate var end: (JobState, String?) {
    switch self {
    case .done: (.done, nil)
    case .notNeeded: (.notNeeded, nil)
    case .failed(let error, _), .dead(let error): (.dead, error)
    case .cancelled(let reason): (.cancelled, reason)
    case .returned, .unknownWorker, .snoozed: (.cancelled, "it is not tried again: \(word)")
    }
  }
}
