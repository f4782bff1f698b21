import BusProtocol
import BusStore

/// Ends and claims in one transaction, as busd makes them.
extension JobStoreHistory {
  func endAndClaim() throws {
    let ending = (0..<min(runs.count, 1 + random.below(4))).map { _ in runs.remove(at: random.below(runs.count)) }
    ended += ending.map(\.assignment)
    let again = try ending.map { try willRunAgain($0.assignment.id, .done) }
    let results = ending.map { JobResult(id: $0.assignment.id, token: $0.assignment.token, outcome: .done) }
    let claim = Claim(Self.queues.map { Claim.Source($0) }, limit: 1 + random.below(6), process: "p")
    let late = try late()
    let replies = try bench.store.perform([.finish(results), .claim(claim)], at: bench.now)
    guard case .finished(let ends) = replies.first, case .claimed(let claimed) = replies.last else {
      throw JobStoreConformance.Broken(description: "the replies to ends and a claim")
    }
    for ((run, again), reply) in zip(zip(ending, again), ends) {
      let job = try bench.job(run.assignment.id)
      try bench.expect(again || reply == .accepted(.done, dueAt: nil), "the end of a run before a claim: \(reply)")
      if job.state == .done { cover(job, since: run.began) }
      askedAgain[job.id] = nil
    }
    try noteExpired(late, claimed)
    try take(claimed)
    if !isLimited { try checkOrder(of: claimed) }
  }

  /// Nobody who is still ready goes before one who was taken.
  private func checkOrder(of claimed: [Assignment]) throws {
    let jobs = try bench.store.jobs(JobFilter(limit: 10_000, sort: .oldest))
    let places = Dictionary(uniqueKeysWithValues: jobs.enumerated().map { ($1.id, ($1.wish.priority, -$0)) })
    for ready in jobs where ready.state == .ready {
      for run in claimed where run.queue == ready.wish.queue {
        guard let mine = places[run.id], let its = places[ready.id] else { continue }
        try bench.expect(mine > its, "I22 \(run.id) went before \(ready.id)")
      }
    }
  }
}
