import BusProtocol
import BusStore

/// A random life of a store from a seed: asks, claims, ends, losses, clock jumps, restarts, and results that come too late.
///
/// A small model knows what each step must answer; the invariants are checked all along, and at the end everything
/// is drained: then each change must have been seen by a run that began after it, or be visibly dead.
final class JobStoreHistory {
  let bench: JobStoreBench
  private let seed: UInt64
  var random: SplitMix64
  private(set) var step = 0
  var wishes: [(wish: NewJob, outcome: EnqueueOutcome)] = []
  var runs: [Run] = []
  var ended: [Assignment] = []
  private var lastToken: UInt64 = 0
  private var cursor = Offset.zero
  private var subscriptionToken: UInt64 = 0
  /// By queue lock: the step of the last ask, and the beginning of the last run that was good for it or died of it.
  private var asked: [String: Int] = [:]
  var covered: [String: Int] = [:]
  /// By running job: the step of the last ask for a run more.
  var askedAgain: [JobID: Int] = [:]
  /// Whether jobs and queues have limits and are paused. Then who goes is checked by what may not be, not one by one.
  let isLimited: Bool
  /// Whether wishes bring policies, pauses, locks until the end, and expiries.
  let isMerging: Bool
  var pauses: [QueueName: QueuePause] = [:]

  struct Run {
    var assignment: Assignment
    var began: Int
  }

  static let queues = [
    shopDefault, QueueName(engine: "shop", name: "mail"), QueueName(engine: "shop", name: "odd"),
  ]
  private static let limits = [
    JobLimit(key: "t(0)", concurrency: 1), JobLimit(key: "t(1)", concurrency: 2),
    JobLimit(key: "t(2)", rate: RateLimit(1, per: .second)),
    JobLimit(key: "t(3)", concurrency: 2, rate: RateLimit(2, per: .second, burst: 2)),
  ]
  private static let subscription = SubscriptionName(engine: "shop", name: "index")

  init(_ bench: JobStoreBench, seed: UInt64, isLimited: Bool, isMerging: Bool) {
    self.bench = bench
    self.isMerging = isMerging
    self.isLimited = isLimited
    self.seed = seed
    random = SplitMix64(state: seed)
  }

  func live(steps: Int) throws {
    do {
      let declaration = SubscriptionDeclaration(name: Self.subscription, patterns: ["*"], start: .zero)
      _ = try bench.one(.declare(declaration))
      while step < steps {
        step += 1
        try takeStep()
        if step % 20 == 0 { try bench.checkInvariants() }
      }
      try drain()
    } catch {
      throw JobStoreConformance.Broken(description: "seed \(seed), step \(step): \(error)")
    }
  }

  private func takeStep() throws {
    bench.chance = Double(random.below(1000)) / 1000
    switch random.below(100) {
    case 0..<3: try enqueueGroup()
    case 3..<30: try enqueue()
    case 30..<38: try commit()
    case 38..<55: try claim(limit: 1 + random.below(4))
    case 55..<62: try endAndClaim()
    case 62..<82: try end()
    case 82..<84: try endTooLate()
    case 84 where random.below(2) == 0: try say()
    case 84..<86: try changeOne()
    case 86..<93:
      bench.now = bench.now + .seconds(random.below(8))
      try promote()
    case 93: bench.now = bench.now - .seconds(random.below(5))
    case 94..<96: try askAgain()
    case 96: try bench.reopen()
    case 97: try isLimited ? limit() : rewire()
    case 98: _ = try bench.one(.unpark(workersKnown: ["shop": ["Work"]]))
    case 99 where isLimited: try pauseOrResume()
    default:
      _ = try bench.one(.markRead(owner: JobStoreBench.historyOwner, jobs: nil))
      _ = try bench.one(.prune(HistoryRetention(age: .seconds(600), maximumCount: 100), limit: 50))
    }
  }

  // MARK: Asking

  private func wish() -> NewJob {
    let retry = RetryPolicy(attempts: 1 + random.below(3), base: .seconds(2), maximum: .seconds(5))
    var wish = bench.wish(
      in: Self.queues[random.below(3)], queueLock: random.below(3) > 0 ? "q(\(random.below(5)))" : nil,
      workerLock: random.below(2) > 0 ? "w(\(random.below(4)))" : nil,
      limit: isLimited && random.below(2) > 0 ? Self.limits[random.below(Self.limits.count)] : nil,
      priority: random.below(3),
      dueIn: random.below(4) == 0 ? .seconds(random.below(20)) : nil, retry: retry)
    wish.sharesRun = random.below(8) == 0
    if wish.priority == 1 { wish.notify = JobStoreBench.historyOwner }
    return isMerging ? withMergeOptions(wish) : wish
  }

  private func enqueue() throws {
    let batch = (0...random.below(3)).map { _ in wish() }
    guard case .enqueued(let outcomes) = try bench.one(.enqueue(batch)) else { return }
    try note(batch, outcomes)
  }

  /// A batch, at once or in two parts, or a chain: its waiting jobs have no queue locks, as the model knows none of them.
  private func enqueueGroup() throws {
    let children = (0..<random.below(4)).map { _ in wish() }
    let later = (0...random.below(3)).map { _ in
      var wish = wish()
      wish.queueLock = nil
      return wish
    }
    let isChain = random.below(2) == 0
    var groups = [isChain ? JobGroup(chain: children.prefix(1) + later) : JobGroup(batch: children, then: later[0])]
    if !isChain, random.below(3) == 0 {
      let (first, size) = (children.count / 2, children.count)
      groups = [
        JobGroup(Array(children[..<first]), .batch(then: later[0], size: size, first: 0)),
        JobGroup(Array(children[first...]), .batch(then: later[0], size: size, first: first)),
      ]
    }
    for group in groups {
      let outcomes = try bench.enqueue(group)
      let isRefused = outcomes.contains { if case .refused = $0 { true } else { false } }
      try note(group.all, outcomes)
      // The second part is asked for when the first was taken.
      guard !isRefused else { return }
      try bench.expect(try bench.enqueue(group).map(\.job), is: outcomes.map(\.job), "a group, asked again")
    }
  }

  private func note(_ batch: [NewJob], _ outcomes: [EnqueueOutcome]) throws {
    try bench.expect(outcomes.count, is: batch.count, "the outcomes")
    for (wish, outcome) in zip(batch, outcomes) {
      if case .refused(let id, let refusal) = outcome {
        try bench.expect(isLimited && id == wish.id, "\(refusal)")
        try bench.expect(try bench.store.job(id) == nil, "a refused job is kept")
        continue
      }
      wishes.append((wish, outcome))
      let job = try bench.job(outcome.job)
      try bench.expect(job.wish.queueLock, is: wish.queueLock, "the queue lock of the job that does the work")
      // A later one of the batch, or a merge, may only have made it wait more eagerly.
      let isShared = wish.sharesRun && job.state == .running
      let runsAgain = isShared ? false : try noteRerun(job, for: wish)
      try bench.expect(runsAgain || job.state.isWaiting || isShared, "\(outcome) is \(job.state)")
      if case .merged(let into) = outcome { try bench.expect(into != wish.id, "job \(into) merged into itself") }
      if let key = wish.queueLock, !isShared { asked[key] = step }
    }
  }

  /// The same ids again: the same answers, and no new job.
  private func askAgain() throws {
    guard let (wish, outcome) = wishes.suffix(30).randomElement(using: &random) else { return }
    let before = try bench.store.queueCounts().map(\.totals.enqueued)
    let again = try bench.enqueue(wish)
    try bench.expect(again.job, is: outcome.job, "who does the work, asked again")
    try bench.expect(try bench.store.queueCounts().map(\.totals.enqueued), is: before, "jobs kept, asked again")
  }

  /// A pause makes the runner's token void; the cursor stays.
  private func pauseSubscription() throws {
    for pause in [Pause(since: bench.now), nil] { _ = try bench.one(.holdSubscription(Self.subscription, pause)) }
    subscriptionToken = 0
  }

  private func commit() throws {
    if random.below(10) == 0 { try pauseSubscription() }
    if subscriptionToken == 0 || random.below(4) == 0 {
      guard case .leased(let token, let at) = try bench.one(.lease(subscription: Self.subscription)) else { return }
      try bench.expect(at, is: cursor, "the cursor")
      try bench.expect(token > lastToken, "token \(token) came after \(lastToken)")
      (subscriptionToken, lastToken) = (token, token)
    }
    let batch = (0..<random.below(3)).map { _ in wish() }
    let (isLate, isLost) = (random.below(6) == 0, random.below(6) == 0)
    let from = isLost ? Offset(cursor.rawValue + 1) : cursor
    let commit = CursorCommit(
      subscription: Self.subscription, token: isLate ? subscriptionToken - 1 : subscriptionToken, from: from,
      through: Offset(from.rawValue + UInt64(1 + random.below(5))), jobs: batch)
    switch try bench.one(.commit(commit)) {
    case .committed(let outcomes):
      try bench.expect(!isLate && !isLost, "I10 a stale commit was taken")
      try note(batch, outcomes)
      cursor = commit.through
    case .refused(.queueClosed) where isLimited && !isLate && !isLost:
      for wish in batch { try bench.expect(try bench.store.job(wish.id) == nil, "a refused commit kept a job") }
    case .refused(let refusal):
      try bench.expect(refusal, is: isLate ? .staleLease : .cursorMoved(to: cursor), "the refusal")
      for wish in batch { try bench.expect(try bench.store.job(wish.id) == nil, "a refused commit kept a job") }
      if !isLate && !isLost { throw JobStoreConformance.Broken(description: "a good commit was refused: \(refusal)") }
    default: throw JobStoreConformance.Broken(description: "the reply to a commit")
    }
  }

  // MARK: Running

  private func claim(limit: Int, from queues: [QueueName] = JobStoreHistory.queues) throws {
    let expected = try isLimited || isMerging ? nil : whoGoes(limit, queues)
    let late = try late()
    let claimed = try bench.claim(limit, from: queues.map { Claim.Source($0) })
    if let expected {
      try bench.expect(claimed.map(\.id), is: expected.map(\.id), "I22 who goes")
    } else {
      try checkLimited(claimed, limit)
    }
    try noteExpired(late, claimed)
    try take(claimed)
  }

  /// Notes runs that began.
  func take(_ claimed: [Assignment]) throws {
    for assignment in claimed {
      let job = try bench.job(assignment.id)
      try bench.expect(assignment.token > lastToken, "I15 token \(assignment.token) came after \(lastToken)")
      lastToken = assignment.token
      try bench.expect(assignment.attempt, is: job.attempts, "the attempt")
      try bench.expect(assignment.inputs, is: job.wish.inputs, "the inputs")
      runs.append(Run(assignment: assignment, began: step))
    }
  }

  /// By the rules: ready ones in order, but for those whose worker lock is held.
  private func whoGoes(_ limit: Int, _ queues: [QueueName]) throws -> [Job] {
    var held = Set(try bench.store.jobs(JobFilter(state: .running, limit: 10_000)).compactMap(\.wish.workerLock))
    let ready = try bench.store.jobs(JobFilter(state: .ready, limit: 10_000, sort: .oldest))
    var going: [Job] = []
    for queue in queues {
      let mine = ready.enumerated().filter { $0.element.wish.queue == queue }
        .sorted { ($1.element.wish.priority, $0.offset) < ($0.element.wish.priority, $1.offset) }
      for (_, job) in mine where going.count < limit {
        if let key = job.wish.workerLock, !held.insert(key).inserted { continue }
        going.append(job)
      }
    }
    return going
  }

  private func end() throws {
    guard !runs.isEmpty else { return }
    let run = runs.remove(at: random.below(runs.count))
    ended.append(run.assignment)
    let isLost = random.below(8) == 0
    let outcomes: [Outcome] = [
      .done, .done, .done, .notNeeded, .failed(error: "no", retryAfter: nil),
      .failed(error: "later", retryAfter: .seconds(random.below(9))), .dead(error: "never"), .returned, .unknownWorker,
      .snoozed(after: .seconds(random.below(9))), .cancelled(reason: "dropped"),
    ]
    let outcome = outcomes[random.below(outcomes.count)]
    let again = try willRunAgain(run.assignment.id, isLost ? nil : outcome)
    let reply = isLost ? try bench.lose(run.assignment) : try bench.finish(run.assignment, outcome)
    guard case .accepted(let state, let dueAt) = reply else {
      throw JobStoreConformance.Broken(description: "I14 a valid result was refused: \(run.assignment.id)")
    }
    let job = try bench.job(run.assignment.id)
    try bench.expect(job.state, is: state, "the state after \(isLost ? "a loss" : outcome.word)")
    try bench.expect(dueAt, is: state == .scheduled ? job.wish.dueAt : nil, "the time after \(outcome.word)")
    try bench.expect(!again || !state.isFinished || state == .merged, "X1 \(state) though it was asked for again")
    if [.done, .notNeeded, .dead, .cancelled].contains(state) { cover(job, since: run.began) }
    askedAgain[job.id] = nil
  }

  /// One that ends though it was asked for again says so, or was cancelled with that.
  func cover(_ job: Job, since step: Int) {
    if let key = job.wish.queueLock { cover(key, since: max(step, askedAgain[job.id] ?? 0)) }
  }

  /// Of two runs of one key that overlap, the one that began later may end first.
  func cover(_ key: String, since step: Int) { covered[key] = max(covered[key] ?? 0, step) }

  /// A cancelled job covers what it was asked for: someone has said that it is not wanted.
  func forget(_ job: Job) {
    cover(job, since: runs.first { $0.assignment.id == job.id }?.began ?? step)
    askedAgain[job.id] = nil
    ended += runs.filter { $0.assignment.id == job.id }.map(\.assignment)
    runs.removeAll { $0.assignment.id == job.id }
  }

  private func endTooLate() throws {
    guard let old = ended.suffix(20).randomElement(using: &random) else { return }
    let before = try bench.store.job(old.id)
    try bench.expect(try bench.finish(old, random.below(2) == 0 ? .done : .returned), is: .stale, "I14 a late result")
    try bench.expect(try bench.lose(old), is: .stale, "I14 a late loss")
    try bench.expect(try bench.store.job(old.id), is: before, "I14 the job after a late result")
  }

  private func say() throws {
    let isLate = random.below(4) == 0
    guard let run = (isLate ? ended.suffix(20) : runs.map(\.assignment)[...]).randomElement(using: &random) else {
      return
    }
    try bench.checkNote(of: run, lineCount: random.below(4), isStale: isLate)
  }

  private func promote() throws {
    let due = try bench.store.jobs(JobFilter(state: .scheduled, limit: 10_000))
      .count { ($0.wish.dueAt ?? bench.now) <= bench.now && !isLate($0) }
    let late = try late()
    try bench.expect(try bench.promote(), is: due + late.count, "I21 promoted")
    try noteExpired(late, [])
    for job in late { try bench.expect(job.id, is: .expired) }
    // One that has ended stays so when the clock is set back.
    pauses = pauses.filter { $0.value.holds(at: bench.now) }
  }

  private func rewire() throws {
    let isGone = random.below(2) == 0
    let known: [QueueName: RetryPolicy?] = [Self.queues[0]: nil, Self.queues[1]: nil]
    try bench.store.configure(isGone ? QueueWiring(.only(known)) : .any, at: bench.now)
    for job in try bench.store.jobs(JobFilter(queue: Self.queues[2], limit: 10_000)) where isGone && job.state.isWaiting
    {
      try bench.expect(job.id, is: .parked)
    }
  }

  // MARK: The end

  /// No more changes and no more failures: everything must come to an end, and nothing may have been lost.
  private func drain() throws {
    try bench.store.configure(.any, at: bench.now)
    _ = try bench.one(.unpark(workersKnown: ["shop": ["Work"]]))
    for queue in pauses.keys { _ = try bench.one(.resume(queue)) }
    pauses = [:]
    for _ in 1...10_000 {
      step += 1
      try claim(limit: 20)
      for run in runs {
        let again = try willRunAgain(run.assignment.id, .done)
        let reply = try bench.finish(run.assignment)
        try bench.expect(again || reply == .accepted(.done, dueAt: nil), "the end of a run: \(reply)")
        let job = try bench.job(run.assignment.id)
        if job.state.isFinished { cover(job, since: run.began) }
        askedAgain[job.id] = nil
      }
      let isIdle = runs.isEmpty
      runs = []
      if let due = try bench.store.nextDue() {
        bench.now = max(bench.now, due)
        try promote()
      } else if isIdle {
        break
      }
    }
    try bench.checkInvariants()
    for counts in try bench.store.queueCounts() {
      let open = counts.states.filter { $0.key != .dead && $0.value > 0 }
      try bench.expect(open, is: [:], "what is left in \(counts.queue) after all was drained")
    }
    for (key, step) in asked {
      try bench.expect((covered[key] ?? 0) >= step, "I8 the change at step \(step) of \(key) was never worked on")
    }
  }
}

extension JobStoreConformance {
  /// A random history of many steps; the same seed makes the same history. A limited one has limits and pauses, one
  /// that merges has all that a queue lock can do, and expiries.
  public static func history(seed: UInt64, steps: Int, isLimited: Bool = false, isMerging: Bool = false) -> Rule {
    let kind = (isMerging ? "merging " : "") + (isLimited ? "limited history" : "history")
    return Rule("I8 I13 I14 I15 I16 a random \(kind) of \(steps) steps keeps every invariant (seed \(seed))") { bench in
      try JobStoreHistory(bench, seed: seed, isLimited: isLimited, isMerging: isMerging).live(steps: steps)
    }
  }
}
