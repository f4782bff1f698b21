internal import BusProtocol
internal import BusStore

/// Sees every transaction of busd's store, over all its restarts, and says when leases, locks or cursors contradict
/// themselves.
final class StoreWitness {
  private struct Lease {
    var token: UInt64
    var since: Int64
  }

  private struct Decision: Hashable {
    let subscription: SubscriptionName
    let event: EventID
  }

  private let ledger: Ledger
  private var wishes: [JobID: NewJob] = [:]
  private var leases: [JobID: Lease] = [:]
  /// The priorities of jobs that could run since they were asked for, and that nobody has taken yet.
  private var untaken: [JobID: Int] = [:]
  private var lastToken: UInt64 = 0
  private var lastSeatToken: [SubscriptionName: UInt64] = [:]
  private var decisions: Set<Decision> = []
  /// The latest that the wall clock has shown: what was due then may start, though the clock was put back.
  private var latest = Timestamp(microseconds: .min)

  /// No process that is there loses a job sooner than its connection may be broken.
  private static let shortestLease: Int64 = 900_000

  init(_ ledger: Ledger) { self.ledger = ledger }

  /// Whether jobs of the event were kept for the subscription.
  func hasDecided(_ event: EventID, _ subscription: SubscriptionName) -> Bool {
    decisions.contains(Decision(subscription: subscription, event: event))
  }

  func saw(_ commands: [StoreCommand], _ replies: [StoreReply], at now: Timestamp, instant: Int64) {
    latest = max(latest, now)
    for (command, reply) in zip(commands, replies) {
      switch (command, reply) {
      case (.enqueue(let jobs), .enqueued): keep(jobs)
      case (.commit(let commit), .committed): sawCommit(commit)
      case (.lease(let name), .leased(let token, _)):
        ledger.check("I15", token > lastSeatToken[name] ?? 0, "\(name) is leased under \(token) again")
        lastSeatToken[name] = token
      case (.claim, .claimed(let assignments)): for each in assignments { sawClaim(each, at: now, instant: instant) }
      case (.finish(let results), .finished(let replies)):
        for (result, reply) in zip(results, replies) { sawEnd(result.id, result.token, reply) }
      case (.lose(let lost), .finished(let replies)):
        for (lost, reply) in zip(lost, replies) { sawLoss(lost, reply, instant: instant) }
      default: break
      }
    }
  }

  private func keep(_ jobs: [NewJob]) {
    for job in jobs where wishes[job.id] == nil {
      wishes[job.id] = job
      if job.worker == ShopWorkers.urgent { untaken[job.id] = job.priority }
    }
  }

  private func sawCommit(_ commit: CursorCommit) {
    ledger.check(
      "I14", commit.token == lastSeatToken[commit.subscription],
      "\(commit.subscription) moved under token \(commit.token), which is not its runner's")
    for job in commit.jobs {
      guard let event = job.cause.event else { continue }
      let isNew = decisions.insert(Decision(subscription: commit.subscription, event: event)).inserted
      ledger.check("I9", isNew, "\(commit.subscription) enqueued twice for event \(event)")
    }
    keep(commit.jobs)
  }

  private func sawClaim(_ assignment: Assignment, at now: Timestamp, instant: Int64) {
    let id = assignment.id
    ledger.check("I15", assignment.token > lastToken, "job \(id) got token \(assignment.token) after \(lastToken)")
    lastToken = max(lastToken, assignment.token)
    ledger.check("I14", leases[id] == nil, "job \(id) was given to two")
    if let lock = wishes[id]?.workerLock {
      let other = leases.keys.filter { wishes[$0]?.workerLock == lock }.min()
      ledger.check("I16", other == nil, "job \(id) and another run under \(lock)")
    }
    if let due = wishes[id]?.dueAt, wishes[id]?.queueLock == nil {
      ledger.check("I21", due <= latest, "job \(id) started at \(now), before \(due)")
    }
    if let priority = untaken.removeValue(forKey: id) {
      let highest = untaken.values.max() ?? priority
      ledger.check("I22", highest <= priority, "job \(id) of priority \(priority) went before one of \(highest)")
    }
    leases[id] = Lease(token: assignment.token, since: instant)
  }

  private func sawEnd(_ id: JobID, _ token: UInt64, _ reply: FinishReply) {
    let isValid = leases[id]?.token == token
    switch reply {
    case .accepted:
      ledger.check("I14", isValid, "job \(id) took a result under token \(token), which was not valid")
      leases[id] = nil
    case .stale:
      ledger.check("I14", !isValid, "job \(id) refused a result under its valid token \(token)")
    }
  }

  private func sawLoss(_ lost: LostLease, _ reply: FinishReply, instant: Int64) {
    if let lease = leases[lost.id], lease.token == lost.token {
      ledger.check(
        "I21", instant - lease.since >= StoreWitness.shortestLease,
        "job \(lost.id) lost its lease after \(instant - lease.since) µs")
    }
    if case .accepted = reply { ledger.lostTokens.insert(lost.token) }
    sawEnd(lost.id, lost.token, reply)
  }
}
