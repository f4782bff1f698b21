import BusProtocol
import Testing

@testable import Bus

private let name = SubscriptionName(engine: "search", name: "users")
private let queue = QueueName(engine: "search", name: "default")
private let zero = ContinuousClock.now

private func job(_ event: UInt64, _ index: UInt64 = 0) -> NewJob {
  NewJob(id: JobID(high: event, low: index), queue: queue, worker: "IndexUser")
}

private func step(_ after: UInt64, _ through: UInt64, jobs: [NewJob] = []) -> SubscriptionProgress.Step {
  SubscriptionProgress.Step(after: Offset(after), through: Offset(through), jobs: jobs, byteCount: jobs.count * 100)
}

private func commit(_ from: UInt64, _ through: UInt64, token: UInt64 = 1, jobs: [NewJob] = []) -> Commit {
  Commit(subscription: name, token: token, from: Offset(from), through: Offset(through), jobs: jobs)
}

private func granted(cursor: UInt64 = 10, token: UInt64 = 1) -> SubscriptionProgress {
  var progress = SubscriptionProgress(name)
  let actions = progress.granted(
    Grant(subscription: name, token: token, cursor: Offset(cursor)), now: zero)
  #expect(actions == [.follow(after: Offset(cursor), token: token)])
  return progress
}

@Suite struct `Progress of a subscription` {
  @Test func `jobs go at once, and the next ones when the answer is there`() {
    var progress = granted()
    #expect(
      progress.mapped(step(10, 12, jobs: [job(11)]), now: zero) == [.commit(commit(10, 12, jobs: [job(11)]))])
    #expect(progress.mapped(step(12, 13, jobs: [job(13)]), now: zero) == [])
    #expect(progress.mapped(step(13, 20), now: zero) == [])
    #expect(progress.cursor == Offset(10))
    #expect(progress.committed(now: zero) == [.commit(commit(12, 20, jobs: [job(13)]))])
    #expect(progress.cursor == Offset(12))
    #expect(progress.committed(now: zero) == [])
    #expect(progress.cursor == Offset(20))
    #expect(progress.nextDeadline == nil)
  }

  @Test func `a cursor alone goes each second, or after 5000 offsets`() {
    var progress = granted(cursor: 0)
    #expect(progress.mapped(step(0, 4999), now: zero) == [])
    #expect(progress.nextDeadline == zero + .seconds(1))
    #expect(progress.tick(now: zero + .milliseconds(999)) == [])
    #expect(progress.mapped(step(4999, 5000), now: zero) == [.commit(commit(0, 5000))])
    #expect(progress.committed(now: zero) == [])
    #expect(progress.mapped(step(5000, 5001), now: zero) == [])
    #expect(progress.tick(now: zero + .seconds(1)) == [.commit(commit(5000, 5001))])
  }

  @Test func `what is gathered behind an unanswered commit has a bound`() {
    var progress = granted(cursor: 0)
    _ = progress.mapped(step(0, 1, jobs: [job(1)]), now: zero)
    for offset in UInt64(1)..<500 {
      #expect(progress.wantsMore)
      _ = progress.mapped(step(offset, offset + 1, jobs: [job(offset + 1)]), now: zero)
    }
    #expect(progress.wantsMore)
    _ = progress.mapped(step(500, 501, jobs: [job(501)]), now: zero)
    #expect(!progress.wantsMore)
    _ = progress.committed(now: zero)
    #expect(progress.wantsMore)
  }

  @Test func `a stretch that does not follow on is void`() {
    var progress = granted()
    #expect(progress.mapped(step(11, 12, jobs: [job(12)]), now: zero) == [])
    #expect(progress.mapped(step(9, 12, jobs: [job(12)]), now: zero) == [])
    #expect(progress.mapped(step(10, 10), now: zero) == [])
  }

  @Test(arguments: ["stale_lease", "unknown_subscription"])
  func `a lease that ended stops it until the next grant`(_ code: String) {
    var progress = granted()
    _ = progress.mapped(step(10, 12, jobs: [job(11)]), now: zero)
    #expect(progress.refused(Refusal(code: code, message: ""), now: zero) == [.leave])
    #expect(progress.token == nil)
    #expect(!progress.wantsMore)
    #expect(progress.mapped(step(12, 13, jobs: [job(13)]), now: zero) == [])
    #expect(
      progress.granted(Grant(subscription: name, token: 2, cursor: Offset(10)), now: zero)
        == [.follow(after: Offset(10), token: 2)])
  }

  @Test func `a grant that is not newer changes nothing`() {
    var progress = granted(token: 5)
    _ = progress.mapped(step(10, 12, jobs: [job(11)]), now: zero)
    for token in UInt64(4)...5 {
      #expect(progress.granted(Grant(subscription: name, token: token, cursor: .zero), now: zero) == [])
    }
    #expect(progress.committed(now: zero) == [])
    #expect(progress.cursor == Offset(12))
  }

  @Test func `a commit that came twice counts as stored`() {
    var progress = granted()
    _ = progress.mapped(step(10, 12, jobs: [job(11)]), now: zero)
    _ = progress.mapped(step(12, 13, jobs: [job(13)]), now: zero)
    let refusal = Refusal(code: "cursor_moved", message: "", expected: 12)
    #expect(progress.refused(refusal, now: zero) == [.commit(commit(12, 13, jobs: [job(13)]))])
    #expect(progress.cursor == Offset(12))
  }

  @Test func `a cursor that an operator moved is followed`() {
    var progress = granted()
    _ = progress.mapped(step(10, 12, jobs: [job(11)]), now: zero)
    let refusal = Refusal(code: "cursor_moved", message: "", expected: 3)
    #expect(progress.refused(refusal, now: zero) == [.follow(after: Offset(3), token: 1)])
    #expect(progress.mapped(step(12, 13, jobs: [job(13)]), now: zero) == [])
    #expect(progress.mapped(step(3, 4, jobs: [job(4)]), now: zero) == [.commit(commit(3, 4, jobs: [job(4)]))])
  }

  @Test func `a cursor that moved nobody knows where stops it`() {
    var progress = granted()
    _ = progress.mapped(step(10, 12, jobs: [job(11)]), now: zero)
    #expect(progress.refused(Refusal(code: "cursor_moved", message: ""), now: zero) == [.leave])
  }

  @Test func `a busy busd is asked again later with the same commit`() {
    var progress = granted()
    _ = progress.mapped(step(10, 12, jobs: [job(11)]), now: zero)
    #expect(progress.refused(Refusal(code: "disk_full", message: "", retryAfter: .seconds(3)), now: zero) == [])
    #expect(progress.nextDeadline == zero + .seconds(3))
    #expect(progress.tick(now: zero + .seconds(2)) == [])
    #expect(progress.tick(now: zero + .seconds(3)) == [.commit(commit(10, 12, jobs: [job(11)]))])
    #expect(progress.tick(now: zero + .seconds(9)) == [])
  }

  @Test func `stopping stores what is mapped, then settles`() {
    var progress = granted()
    _ = progress.mapped(step(10, 12, jobs: [job(11)]), now: zero)
    _ = progress.mapped(step(12, 13), now: zero)
    #expect(progress.stop(now: zero) == [])
    #expect(!progress.wantsMore)
    #expect(progress.mapped(step(13, 14, jobs: [job(14)]), now: zero) == [])
    #expect(progress.committed(now: zero) == [.commit(commit(12, 13))])
    #expect(progress.committed(now: zero) == [.settled])
    #expect(progress.stop(now: zero) == [])
    #expect(progress.tick(now: zero) == [])
    var waiting = SubscriptionProgress(name)
    #expect(waiting.stop(now: zero) == [.settled])
    #expect(waiting.granted(Grant(subscription: name, token: 9, cursor: .zero), now: zero) == [])
    var lost = granted()
    _ = lost.mapped(step(10, 12, jobs: [job(11)]), now: zero)
    _ = lost.stop(now: zero)
    #expect(lost.lost() == [.leave, .settled])
  }

  @Test(arguments: 0..<300)
  func `P4 I9 I10 each event's jobs are stored once and in order, whatever is lost or moved`(_ seed: UInt64) {
    var world = SubscriptionWorld(seed: seed)
    for _ in 0..<400 { world.turn() }
    world.drain()
    #expect(world.violations == [], "seed \(seed)")
    #expect(world.stored == world.expected, "seed \(seed)")
  }
}

/// A busd, a spool and one subscription, in which answers are lost, leases end and commits come twice.
private struct SubscriptionWorld {
  let head: UInt64 = 300
  var random: SeededRandom
  var progress = SubscriptionProgress(name)
  var now = zero
  var cursor: UInt64 = 0
  var token: UInt64 = 0
  var stored: [JobID] = []
  var violations: [String] = []
  /// What the client's connection still has to bring to busd: until it is answered.
  var pending: Commit?
  var reading: UInt64?

  init(seed: UInt64) { random = SeededRandom(seed: seed) }

  func jobs(_ event: UInt64) -> [NewJob] { (0..<(event % 3)).map { job(event, $0) } }
  var expected: [JobID] { (1...head).flatMap(jobs).map(\.id) }

  mutating func perform(_ actions: [SubscriptionProgress.Action]) {
    for action in actions {
      switch action {
      case .follow(let after, _):
        reading = after.rawValue
        pending = nil
      case .commit(let commit):
        if let pending, pending != commit { violations.append("two commits at once") }
        pending = commit
      case .leave:
        reading = nil
        pending = nil
      case .settled: break
      }
    }
  }

  mutating func map() {
    guard let from = reading, progress.wantsMore, from < head else { return }
    let through = min(head, from + UInt64.random(in: 1...20, using: &random))
    reading = through
    perform(progress.mapped(step(from, through, jobs: (from + 1...through).flatMap(jobs)), now: now))
  }

  /// The commit arrives; its answer may not.
  mutating func deliver(loss: Int) {
    guard let commit = pending else { return }
    var refusal: Refusal?
    if commit.token != token {
      refusal = Refusal(code: "stale_lease", message: "")
    } else if commit.from.rawValue != cursor {
      refusal = Refusal(code: "cursor_moved", message: "", expected: cursor)
    } else {
      cursor = commit.through.rawValue
      stored += commit.jobs.map(\.id)
    }
    guard !random.chance(loss) else { return }
    pending = nil
    perform(refusal.map { progress.refused($0, now: now) } ?? progress.committed(now: now))
    if progress.cursor.rawValue > cursor { violations.append("the cursor passed what is stored") }
  }

  mutating func grant() {
    token += 1
    perform(
      progress.granted(Grant(subscription: name, token: token, cursor: Offset(cursor)), now: now))
  }

  mutating func turn() {
    now += .milliseconds(Int.random(in: 0...300, using: &random))
    switch Int.random(in: 0..<100, using: &random) {
    case 0..<45: map()
    case 45..<75: deliver(loss: 20)
    case 75..<80: token += 1  // Someone else gets the lease.
    case 80..<84: perform(progress.lost())
    case 84..<90: if progress.token == nil || random.chance(20) { grant() }
    case 90..<93:
      guard pending != nil else { return }
      pending = nil
      perform(progress.refused(Refusal(code: "busy", message: "", retryAfter: .milliseconds(50)), now: now))
    default: perform(progress.tick(now: now))
    }
  }

  mutating func drain() {
    grant()
    for _ in 0..<2000 {
      now += .seconds(1)
      map()
      deliver(loss: 0)
      perform(progress.tick(now: now))
    }
    if cursor != head { violations.append("stuck at \(cursor)") }
  }
}
