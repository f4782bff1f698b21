import BusProtocol
import Testing

@testable import Bus

private let zero = ContinuousClock.now
private let queue = QueueName(engine: "search", name: "default")

private func assignment(_ number: UInt64, token: UInt64? = nil, worker: Name = "IndexUser") -> Assignment {
  Assignment(
    id: JobID(high: 0, low: number), token: token ?? number, attempt: 1, queue: queue, worker: worker, inputs: [:],
    cause: JobCause())
}

private func result(_ number: UInt64, _ outcome: Outcome, token: UInt64? = nil) -> JobResult {
  JobResult(id: JobID(high: 0, low: number), token: token ?? number, outcome: outcome)
}

private func desk(concurrency: Int = 2, prefetch: Int = 0) -> WorkerDesk {
  var desk = WorkerDesk(
    concurrency: concurrency, maximumPrefetch: prefetch, workers: ["IndexUser"], lease: .seconds(15))
  #expect(desk.sessionBegan() == [.hands(concurrency)])
  return desk
}

extension WorkerDesk {
  fileprivate mutating func ended(_ number: UInt64, _ outcome: Outcome = .done, at now: ContinuousClock.Instant = zero)
    -> [Action]
  {
    ended(JobID(high: 0, low: number), token: number, outcome: outcome, now: now)
  }
}

@Suite struct `The desk of a worker process` {
  @Test func `no more jobs run than there are hands`() {
    var desk = desk()
    #expect(
      desk.assigned([assignment(1), assignment(2), assignment(3)], now: zero)
        == [.start(assignment(1)), .start(assignment(2))])
    #expect(desk.waitingCount == 1)
    #expect(desk.ended(2) == [.start(assignment(3)), .finish([result(2, .done)])])
  }

  @Test func `results gather while a message of them is unanswered`() {
    var desk = desk(concurrency: 3)
    _ = desk.assigned([assignment(1), assignment(2), assignment(3)], now: zero)
    #expect(desk.ended(1) == [.finish([result(1, .done)])])
    #expect(desk.ended(2, .notNeeded) == [])
    #expect(desk.ended(3, .dead(error: "x")) == [])
    #expect(desk.held.count == 3)
    #expect(desk.finished() == [.finish([result(2, .notNeeded), result(3, .dead(error: "x"))])])
    #expect(desk.finished() == [])
    #expect(desk.held.isEmpty)
  }

  @Test func `what was said goes with the result, and large results go in messages of their own`() {
    var desk = desk(concurrency: 4)
    _ = desk.assigned((1...4).map { assignment($0) }, now: zero)
    let lines = (0..<30).map { _ in JobLine(String(repeating: "x", count: 8192), at: Timestamp(microseconds: 0)) }
    var sent: [[JobResult]] = []
    func take(_ actions: [WorkerDesk.Action]) {
      for case .finish(let results) in actions { sent.append(results) }
    }
    for number: UInt64 in 1...4 {
      let note = JobNote(id: JobID(high: 0, low: number), token: number, lines: lines)
      take(desk.ended(note.id, token: number, outcome: .done, result: 7, note: note, now: zero))
    }
    for _ in 1...3 { take(desk.finished()) }
    #expect(sent.map { $0.map(\.id.low) } == [[1], [2, 3], [4]])
    #expect(sent.joined().allSatisfy { $0.note?.lines == lines && $0.result == 7 })
    #expect(desk.held.isEmpty)
  }

  @Test func `what somebody cancels goes back, unless its work gets done first`() {
    var desk = desk()
    _ = desk.assigned([assignment(1), assignment(2), assignment(3)], now: zero)
    let ids = [1, 2, 3, 9].map { JobID(high: 0, low: $0) }
    #expect(
      desk.cancel(ids) == [
        .cancel(ids[0], token: 1, leaseIsLost: false), .cancel(ids[1], token: 2, leaseIsLost: false),
        .finish([result(3, .returned)]),
      ])
    #expect(desk.cancel(ids) == [], "once")
    _ = desk.finished()
    #expect(desk.ended(1, .failed(error: "cancelled", retryAfter: nil)) == [.finish([result(1, .returned)])])
    _ = desk.finished()
    #expect(desk.ended(2) == [.finish([result(2, .done)])])
  }

  @Test func `refused results are sent again`() {
    var desk = desk()
    _ = desk.assigned([assignment(1)], now: zero)
    _ = desk.ended(1)
    #expect(desk.finishRefused(retryAfter: .seconds(2), now: zero) == [])
    #expect(desk.nextDeadline == zero + .seconds(2))
    #expect(desk.tick(now: zero + .seconds(2)) == [.finish([result(1, .done)])])
  }

  @Test func `an unknown worker is answered at once`() {
    var desk = desk()
    #expect(
      desk.assigned([assignment(1, worker: "Other")], now: zero) == [.finish([result(1, .unknownWorker)])])
  }

  @Test func `the same assignment twice runs once`() {
    var desk = desk(concurrency: 1)
    _ = desk.assigned([assignment(1), assignment(2)], now: zero)
    #expect(desk.assigned([assignment(1), assignment(2)], now: zero) == [])
    #expect(desk.waitingCount == 1)
    _ = desk.ended(1)
    #expect(desk.assigned([assignment(1)], now: zero) == [])
  }

  @Test func `a new lease of a job waits until its old run has ended`() {
    var desk = desk()
    _ = desk.assigned([assignment(1, token: 5)], now: zero)
    let id = JobID(high: 0, low: 1)
    #expect(desk.beaten(lost: [id], sentAt: zero) == [.cancel(id, token: 5, leaseIsLost: true)])
    #expect(desk.assigned([assignment(1, token: 9)], now: zero) == [])
    #expect(desk.ended(id, token: 5, outcome: .done, now: zero) == [.start(assignment(1, token: 9))])
    #expect(desk.ended(id, token: 9, outcome: .done, now: zero) == [.finish([result(1, .done, token: 9)])])
  }

  @Test func `an old lease that is lost leaves the job's new lease alone, wherever it is`() {
    let id = JobID(high: 0, low: 1)
    var desk = desk(concurrency: 1)
    _ = desk.assigned([assignment(1, token: 5)], now: zero)
    let sent = desk.ended(id, token: 5, outcome: .done, now: zero)
    #expect(sent == [.finish([result(1, .done, token: 5)])])
    // The answer is lost with the connection; a beat says what is held, and the job comes again before its answer.
    let newest = desk.newestToken
    #expect(desk.held == [Held(id, token: 5)])
    #expect(desk.assigned([assignment(1, token: 9)], now: zero) == [.start(assignment(1, token: 9))])
    #expect(desk.held == [Held(id, token: 9)])
    #expect(desk.beaten(lost: [id], sentAt: zero, newestToken: newest) == [])
    #expect(desk.ended(id, token: 9, outcome: .done, now: zero) == [])
    #expect(desk.beaten(lost: [id], sentAt: zero, newestToken: newest) == [])
    #expect(desk.finished() == [.finish([result(1, .done, token: 9)])])
  }

  @Test func `a lost lease cancels the run, and its result is dropped`() {
    var desk = desk(concurrency: 1)
    _ = desk.assigned([assignment(1), assignment(2)], now: zero)
    let ids = [JobID(high: 0, low: 1), JobID(high: 0, low: 2)]
    #expect(desk.beaten(lost: ids, sentAt: zero) == [.cancel(ids[0], token: 1, leaseIsLost: true)])
    #expect(desk.beaten(lost: ids, sentAt: zero) == [])
    #expect(desk.held.isEmpty)
    #expect(desk.ended(1) == [])
  }

  @Test func `without an answer for a whole lease the runs are cancelled`() {
    var desk = desk(concurrency: 1)
    _ = desk.assigned([assignment(1), assignment(2)], now: zero)
    let id = JobID(high: 0, low: 1)
    _ = desk.beaten(lost: [], sentAt: zero + .seconds(5))
    #expect(desk.tick(now: zero + .milliseconds(500)) == [])
    #expect(
      desk.tick(now: zero + .seconds(20)) == [
        .cancel(id, token: 1, leaseIsLost: true), .finish([result(2, .returned)]),
      ])
    #expect(desk.tick(now: zero + .seconds(21)) == [])
    _ = desk.ended(1, .failed(error: "CancellationError", retryAfter: nil))
    #expect(desk.finished() == [.finish([result(1, .returned)])])
  }

  @Test func `a job that waits here for a second goes back`() {
    var desk = desk(concurrency: 1)
    _ = desk.assigned([assignment(1), assignment(2)], now: zero)
    #expect(desk.nextDeadline == zero + .seconds(1))
    #expect(desk.tick(now: zero + .seconds(1)) == [.finish([result(2, .returned)])])
  }

  @Test func `short runs are prefetched for, long ones are not`() {
    var desk = desk(concurrency: 2, prefetch: 32)
    _ = desk.assigned([assignment(1)], now: zero)
    #expect(desk.ended(1, at: zero + .microseconds(100)) == [.finish([result(1, .done)]), .hands(34)])
    _ = desk.assigned([assignment(2)], now: zero)
    #expect(desk.ended(2, at: zero + .seconds(10)).contains(.hands(2)))
  }

  @Test func `stopping returns what waits, lets the runs end, then cancels them`() {
    var desk = desk(concurrency: 2)
    _ = desk.assigned([assignment(1), assignment(2), assignment(3)], now: zero)
    #expect(desk.stop(now: zero, grace: .seconds(25)) == [.hands(0), .finish([result(3, .returned)])])
    #expect(desk.stop(now: zero, grace: .seconds(25)) == [])
    #expect(desk.finished() == [])
    #expect(desk.assigned([assignment(4)], now: zero) == [.finish([result(4, .returned)])])
    #expect(desk.finished() == [])
    _ = desk.beaten(lost: [], sentAt: zero + .seconds(24))
    #expect(desk.ended(1) == [.finish([result(1, .done)])])
    #expect(desk.tick(now: zero + .seconds(25)) == [.cancel(JobID(high: 0, low: 2), token: 2, leaseIsLost: false)])
    #expect(desk.ended(2, .failed(error: "CancellationError", retryAfter: nil)) == [])
    #expect(desk.finished() == [.finish([result(2, .returned)])])
    #expect(desk.finished() == [.settled])
    #expect(desk.finished() == [])
  }

  @Test func `a run that ignores its cancellation does not keep the process`() {
    var desk = desk(concurrency: 1)
    _ = desk.assigned([assignment(1)], now: zero)
    _ = desk.stop(now: zero, grace: .seconds(2))
    #expect(desk.tick(now: zero + .seconds(2)) == [.cancel(JobID(high: 0, low: 1), token: 1, leaseIsLost: false)])
    #expect(desk.tick(now: zero + .seconds(5)) == [.settled])
  }

  @Test func `an idle desk settles at once`() {
    var desk = desk()
    #expect(desk.stop(now: zero, grace: .seconds(2)) == [.hands(0), .settled])
  }

  @Test func `each session hears anew what is taken`() {
    var desk = desk()
    #expect(desk.sessionBegan() == [.hands(2)])
    _ = desk.stop(now: zero, grace: .seconds(2))
    #expect(desk.sessionBegan() == [.hands(0)])
  }

  @Test(arguments: 0..<300)
  func `I14 each lease ends in one result or is lost, and no job runs twice at once`(_ seed: UInt64) {
    var world = WorkerWorld(seed: seed)
    for _ in 0..<500 { world.turn() }
    world.drain()
    #expect(world.violations == [], "seed \(seed)")
    #expect(world.isSettled, "seed \(seed)")
    #expect(world.leases.isEmpty, "seed \(seed)")
  }
}

/// A busd with leases that end, answers that are lost, and one process whose runs end when they like.
private struct WorkerWorld {
  var random: SeededRandom
  var desk: WorkerDesk
  var now = zero
  var hands = 0
  var lastToken: UInt64 = 0
  var lastJob: UInt64 = 0
  /// What busd thinks this process holds.
  var leases: [JobID: (token: UInt64, until: ContinuousClock.Instant)] = [:]
  var running: [UInt64: JobID] = [:]
  /// Runs that were given up, and have not ended.
  var stuck: Set<UInt64> = []
  var pending: [JobResult]?
  var isSettled = false
  var violations: [String] = []

  init(seed: UInt64) {
    random = SeededRandom(seed: seed)
    let timeouts: [Name: Timeout] =
      seed.isMultiple(of: 2) ? ["IndexUser": Timeout(.seconds(2), grace: .seconds(2))] : [:]
    desk = WorkerDesk(
      concurrency: 3, maximumPrefetch: 8, workers: ["IndexUser"], lease: .seconds(15),
      timeouts: Timeouts(workers: timeouts))
    perform(desk.sessionBegan())
  }

  mutating func perform(_ actions: [WorkerDesk.Action]) {
    for action in actions {
      if isSettled { violations.append("\(action) after the end") }
      switch action {
      case .start(let assignment):
        if running.values.contains(assignment.id) { violations.append("runs twice") }
        running[assignment.token] = assignment.id
        if running.count + stuck.count > 3 { violations.append("too many run") }
      case .cancel(let id, let token, _): if running[token] != id { violations.append("cancels what does not run") }
      case .finish(let results):
        if pending != nil { violations.append("two messages of results") }
        if results.isEmpty { violations.append("an empty message") }
        pending = results
      case .giveUp(_, let token):
        if running.removeValue(forKey: token) == nil { violations.append("gives up what does not run") }
        stuck.insert(token)
      case .exhausted: if stuck.count < 3 { violations.append("exhausted with free hands") }
      case .hands(let count): hands = count
      case .settled:
        isSettled = true
        if !running.isEmpty || pending != nil { violations.append("settled too early") }
      }
    }
  }

  mutating func assign() {
    expire()
    guard leases.count < hands else { return }
    let fresh = random.chance(80) || lastJob == 0
    if fresh { lastJob += 1 }
    let number = fresh ? lastJob : UInt64.random(in: 1...lastJob, using: &random)
    guard leases[JobID(high: 0, low: number)] == nil else { return }
    lastToken += 1
    let assignment = assignment(number, token: lastToken, worker: random.chance(5) ? "Other" : "IndexUser")
    leases[assignment.id] = (lastToken, now + .seconds(15))
    // A push may be lost: the lease then runs out.
    if random.chance(95) { perform(desk.assigned([assignment], now: now)) }
  }

  mutating func endRun() {
    if random.chance(30), let token = stuck.sorted().randomElement(using: &random) {
      stuck.remove(token)
      return perform(desk.ended(JobID(high: 0, low: 0), token: token, outcome: .done, now: now))
    }
    guard let token = running.keys.sorted().randomElement(using: &random), let id = running.removeValue(forKey: token)
    else { return }
    let outcome: Outcome = random.chance(70) ? .done : .failed(error: "x", retryAfter: nil)
    perform(desk.ended(id, token: token, outcome: outcome, now: now))
  }

  mutating func answer(loss: Int) {
    expire()
    guard let results = pending else { return }
    for result in results where leases[result.id]?.token == result.token { leases[result.id] = nil }
    guard !random.chance(loss) else { return }
    if random.chance(10), loss > 0 {
      perform(desk.finishRefused(retryAfter: .milliseconds(100), now: now))
    }
    pending = nil
    perform(desk.finished())
  }

  mutating func beat(loss: Int) {
    expire()
    var lost: [JobID] = []
    for held in desk.held {
      if leases[held.id]?.token == held.token {
        leases[held.id]?.until = now + .seconds(15)
      } else {
        lost.append(held.id)
      }
    }
    if !random.chance(loss) { perform(desk.beaten(lost: lost, sentAt: now)) }
  }

  mutating func expire() { leases = leases.filter { $0.value.until > now } }

  mutating func turn() {
    now += .milliseconds(Int.random(in: 0...400, using: &random))
    switch Int.random(in: 0..<100, using: &random) {
    case 0..<35: assign()
    case 35..<65: endRun()
    case 65..<80: answer(loss: 20)
    case 80..<85: beat(loss: 30)
    case 85..<87: now += .seconds(Int.random(in: 0...20, using: &random))
    case 87..<89: perform(desk.sessionBegan())
    default: perform(desk.tick(now: now))
    }
  }

  mutating func drain() {
    perform(desk.stop(now: now, grace: .seconds(10_000)))
    for _ in 0..<200 where !isSettled {
      now += .seconds(1)
      beat(loss: 0)
      endRun()
      answer(loss: 0)
      perform(isSettled ? [] : desk.tick(now: now))
    }
    now += .seconds(20)
    expire()
  }
}
