internal import Bus
internal import BusProtocol

/// One subscription in a simulated engine's process: reads, maps and commits as ``SubscriptionProgress`` decides.
final class SimulatedSeat {
  let name: SubscriptionName
  private let mapping: SubscriptionMapping
  private let talker: Talker
  private let world: WorldParts
  private var progress: SubscriptionProgress
  private(set) var follow: SimulatedFollow?
  private var welcome: Welcome?
  private var reached = Offset.zero
  private var lostAt: ContinuousClock.Instant?
  private var plannedFor: ContinuousClock.Instant?

  init(_ mapping: SubscriptionMapping, talker: Talker, world: WorldParts) {
    self.mapping = mapping
    self.talker = talker
    self.world = world
    name = SubscriptionName(engine: SimulatedEngine.engine, name: mapping.name)
    progress = SubscriptionProgress(name)
  }

  private var now: ContinuousClock.Instant { talker.life.timeline.instant }

  var wish: SubscriptionWish { SubscriptionWish(name: name, patterns: mapping.patterns, start: .beginning) }
  var held: Held<SubscriptionName>? { progress.token.map { Held(name, token: $0) } }

  func wasLost(within time: Duration) -> Bool { lostAt.map { $0 + time > now } ?? false }

  func sessionBegan(_ welcome: Welcome) {
    self.welcome = welcome
    follow?.sessionBegan(welcome)
  }

  func granted(_ grant: Grant) { perform(progress.granted(grant, now: now)) }
  func lost() { perform(progress.lost()) }
  func stop() { perform(progress.stop(now: now)) }
  func end() { follow?.end() }

  private func perform(_ actions: [SubscriptionProgress.Action]) {
    for action in actions { perform(action) }
    guard let next = progress.nextDeadline else { return }
    if let plannedFor, plannedFor <= next, plannedFor > now { return }
    plannedFor = next
    talker.life.at(next) { [self] in
      guard plannedFor == next else { return }
      plannedFor = nil
      perform(progress.tick(now: now))
    }
  }

  private func perform(_ action: SubscriptionProgress.Action) {
    switch action {
    case .follow(let offset, let token): begin(after: offset, token: token)
    case .commit(let commit):
      talker.ask {
        .commit(request: $0, commit: commit)
      } answer: { [self] reply in
        switch reply {
        case .committed: perform(progress.committed(now: now))
        case .refused(_, let refusal): perform(progress.refused(refusal, now: now))
        default: break
        }
      }
    case .leave:
      follow?.end()
      follow = nil
      lostAt = now
      talker.wish([wish])
    case .settled:
      follow?.end()
      follow = nil
      var farewell = wish
      farewell.isLeaving = true
      talker.wish([farewell])
    }
  }

  private func begin(after offset: Offset, token: UInt64) {
    follow?.end()
    lostAt = nil
    reached = offset
    let start = world.mutant == .takeoverSkipsAhead ? max(offset, welcome?.head ?? offset) : offset
    let follow = SimulatedFollow(
      mapping.patterns, after: start, talker: talker, network: world.network,
      failed: { [world, name] in world.ledger.violate("I12", "\(name): \($0)") },
      deliver: { [weak self] in self?.map($1, through: $0, token: token) })
    self.follow = follow
    if let welcome { follow.sessionBegan(welcome) }
  }

  private func map(_ events: [Event], through: Offset, token: UInt64) {
    guard progress.token == token, through > reached else { return }
    var step = SubscriptionProgress.Step(after: reached, through: through, jobs: [], byteCount: 0)
    do {
      for event in events where event.offset > reached {
        world.ledger.handled[name, default: []].insert(event.id)
        let mapped = try mapping.map(event, engine: SimulatedEngine.engine, token: token, wiredQueue: nil)
        step.jobs += mapped.jobs
        step.byteCount += mapped.byteCount
      }
    } catch { world.ledger.violate("I7", "\(name) cannot map: \(error)") }
    reached = through
    perform(progress.mapped(step, now: now))
  }
}
