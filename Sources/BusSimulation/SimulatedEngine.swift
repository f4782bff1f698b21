internal import Bus
internal import BusProtocol

/// An engine's process of a world: runs subscriptions and workers, with the client's own ``SubscriptionProgress`` and
/// ``WorkerDesk``.
final class SimulatedEngine {
  private let world: WorldParts
  private let name: String
  private var life: Life
  private var talker: Talker?
  private var seats: [SimulatedSeat] = []
  private var desk: WorkerDesk
  private var runs: [UInt64: SimulatedRun] = [:]
  private var welcome: Welcome?
  private var beats: [(sentAt: ContinuousClock.Instant, newestToken: UInt64)] = []
  private var deskDeadline: ContinuousClock.Instant?
  private var isBeating = false
  private var starts = 0

  static let engine: Name = "shop"
  static let concurrency = 2

  init(_ name: String, in world: WorldParts) {
    self.name = name
    self.world = world
    life = Life(world.timeline)
    desk = SimulatedEngine.desk(world)
  }

  private static func desk(_ world: WorldParts) -> WorkerDesk {
    WorkerDesk(
      concurrency: concurrency, maximumPrefetch: 8, workers: Set(ShopWorkers.names), lease: world.lease)
  }

  private var now: ContinuousClock.Instant { life.timeline.instant }

  // MARK: The process

  func start() {
    starts += 1
    let hello = Hello(role: .engine, process: "\(name).\(starts)", engine: SimulatedEngine.engine)
    let talker = Talker(hello, as: "shop", life: life, network: world.network) { [unowned self] in heard($0) }
    desk = SimulatedEngine.desk(world)
    (runs, beats, deskDeadline, isBeating) = ([:], [], nil, false)
    seats = ShopWorkers.subscriptions.map { SimulatedSeat($0, talker: talker, world: world) }
    self.talker = talker
    talker.connect()
  }

  /// `kill -9`; another process comes after a while.
  func kill() {
    guard life.isAlive else { return }
    life.kill()
    for seat in seats { seat.end() }
    talker?.cut(clientHears: 1, busdHears: 1 + world.timeline.below(100_000))
    startAnew()
  }

  private func startAnew() {
    world.timeline.after(1000 + world.timeline.below(800_000)) { [self] in
      life = Life(world.timeline)
      start()
    }
  }

  /// SIGTERM: ends in order, and another process comes.
  func stop() {
    guard life.isAlive else { return }
    for seat in seats { seat.stop() }
    perform(desk.stop(now: now, grace: .milliseconds(500)))
  }

  private func leave() {
    for seat in seats { seat.end() }
    talker?.say(.bye)
    // The goodbye is sent before the socket closes.
    let (life, talker) = (life, talker)
    life.after(10_000) { [self] in
      guard self.life === life else { return }
      life.kill()
      talker?.cut(clientHears: 1, busdHears: 1)
      startAnew()
    }
  }

  func pause(for microseconds: Int64) { life.pause(for: microseconds) }
  func cut(clientHears: Int64, busdHears: Int64) { talker?.cut(clientHears: clientHears, busdHears: busdHears) }
  func repeatAll() { talker?.repeatAll() }
  func deafen(for microseconds: Int64) {
    for seat in seats { seat.follow?.deafen(until: world.timeline.now + microseconds) }
  }

  // MARK: What busd says

  private func heard(_ event: Talker.Event) {
    switch event {
    case .up(let welcome):
      self.welcome = welcome
      beats = []
      talker?.wish(seats.map(\.wish))
      for seat in seats { seat.sessionBegan(welcome) }
      perform(desk.sessionBegan())
      beat()
    case .pushed(.jobs(let assignments)):
      perform(desk.assigned(assignments, now: now))
      keepBeating()
    case .pushed(.granted(let grants)):
      for grant in grants { seats.first { $0.name == grant.subscription }?.granted(grant) }
      keepBeating()
    case .pushed(.beaten(let lostJobs, let lostSeats)):
      if !beats.isEmpty {
        let beat = beats.removeFirst()
        perform(desk.beaten(lost: lostJobs, sentAt: beat.sentAt, newestToken: beat.newestToken))
      }
      for name in lostSeats { seats.first { $0.name == name }?.lost() }
    case .pushed(.cancel(let jobs)): perform(desk.cancel(jobs))
    case .pushed: break
    }
  }

  private func beat() {
    let lost = seats.filter { $0.wasLost(within: world.lease * 2) }
    if !lost.isEmpty { talker?.wish(lost.map(\.wish)) }
    let held = desk.held.sorted { $0.id < $1.id }
    let seatsHeld = seats.compactMap(\.held)
    if !held.isEmpty || !seatsHeld.isEmpty {
      if beats.count < 16 { beats.append((now, desk.newestToken)) }
      talker?.say(.beat(jobs: held, subscriptions: seatsHeld))
    }
    if !lost.isEmpty || !held.isEmpty || !seatsHeld.isEmpty { keepBeating() }
  }

  private func keepBeating() {
    guard !isBeating else { return }
    isBeating = true
    let life = life
    life.after(world.lease.inMicroseconds / 3) { [self] in
      isBeating = false
      beat()
    }
  }

  // MARK: Jobs

  private func perform(_ actions: [WorkerDesk.Action]) {
    for action in actions { perform(action) }
    guard let next = desk.nextDeadline else { return }
    if let deskDeadline, deskDeadline <= next, deskDeadline > now { return }
    deskDeadline = next
    life.at(next) { [self] in
      guard deskDeadline == next else { return }
      deskDeadline = nil
      perform(desk.tick(now: now))
    }
  }

  private func perform(_ action: WorkerDesk.Action) {
    switch action {
    case .start(let assignment): begin(assignment)
    case .cancel(_, let token, _): end(token, isCancelled: true)
    case .finish(let results):
      talker?.ask {
        .finish(request: $0, results: results)
      } answer: { [self] reply in
        switch reply {
        case .finished(_, let stale, _):
          check(results, stale)
          perform(desk.finished())
        case .refused(_, let refusal): perform(desk.finishRefused(retryAfter: refusal.retryAfter, now: now))
        default: break
        }
      }
    case .hands(let count):
      let queue = QueueName(engine: SimulatedEngine.engine, name: "default")
      talker?.say(
        .hands(
          Hands(engine: SimulatedEngine.engine, queues: [queue], workers: ShopWorkers.names, concurrency: count)))
    case .settled: leave()
    case .giveUp, .exhausted: break
    }
  }

  /// I18: a run whose lease was given up, be it that its process stood still, hears that its result came too late.
  private func check(_ results: [JobResult], _ stale: [JobID]) {
    for result in results where world.ledger.lostTokens.contains(result.token) {
      world.ledger.check(
        "I18", stale.contains(result.id), "job \(result.id) ended under lost token \(result.token), and was not told")
    }
  }

  private func begin(_ assignment: Assignment) {
    let run = SimulatedRun(assignment, in: world)
    world.timeline.note("run", assignment.id.low, assignment.token)
    runs[assignment.token] = run
    life.after(run.duration) { [self] in end(assignment.token, isCancelled: false) }
  }

  /// A run ends by itself, or because it was told to; then it may be done all the same.
  private func end(_ token: UInt64, isCancelled: Bool) {
    guard let run = runs.removeValue(forKey: token) else { return }
    let isCutShort = isCancelled && world.timeline.chance(0.7)
    let outcome = isCutShort ? .failed(error: "cancelled", retryAfter: nil) : run.outcome
    switch outcome {
    case .done, .notNeeded: run.apply(world.ledger)
    default: break
    }
    world.timeline.note("ran", run.assignment.id.low, token)
    // Not within the call of the desk that told it to end.
    life.after(1) { [self] in perform(desk.ended(run.assignment.id, token: token, outcome: outcome, now: now)) }
  }
}

/// One run of a job: looks the truth up when it begins, and has done its work for that when it ends.
struct SimulatedRun {
  let assignment: Assignment
  let duration: Int64
  let outcome: Outcome
  private let subject: Ledger.Subject?
  private let version: Int

  init(_ assignment: Assignment, in world: WorldParts) {
    self.assignment = assignment
    let timeline = world.timeline
    duration = timeline.chance(0.05) ? 3_000_000 + timeline.below(3_000_000) : 500 + timeline.below(700_000)
    switch timeline.below(100) {
    case 0..<10: outcome = .failed(error: "it failed", retryAfter: nil)
    case 10..<13: outcome = .snoozed(after: .milliseconds(300))
    case 13..<15: outcome = .notNeeded
    default: outcome = .done
    }
    subject = ShopWorkers.subject(assignment)
    version = subject.flatMap { world.ledger.truth[$0] } ?? 0
  }

  func apply(_ ledger: Ledger) { if let subject { ledger.apply(subject, version: version) } }
}
