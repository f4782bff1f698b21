internal import BusProtocol
internal import BusStore

/// A whole bus with its clients in one thread: lives through a scenario, comes to rest, and is checked.
final class World {
  private let scenario: Scenario
  private let parts: WorldParts
  let busd: SimulatedBusd
  private let publishers: [SimulatedPublisher]
  private let engines: [SimulatedEngine]
  private let service: SimulatedService
  private let listener: SimulatedListener
  private var random: SplitMix64

  private var timeline: Timeline { parts.timeline }

  init(_ scenario: Scenario, isTold: Bool = false) throws {
    self.scenario = scenario
    let parts = WorldParts(
      Timeline(seed: scenario.seed, isTold: isTold),
      rules: Rules.isGuarded(seed: scenario.seed) ? try Rules.topology.get() : nil, mutant: scenario.mutant)
    self.parts = parts
    busd = SimulatedBusd(in: parts, files: try StoreFiles(seed: scenario.seed), mutant: scenario.mutant)
    publishers = (0..<Fault.publisherCount).map { SimulatedPublisher("service\($0)", in: parts) }
    engines = (0..<Fault.engineCount).map { SimulatedEngine("shop\($0)", in: parts) }
    service = SimulatedService(in: parts)
    listener = SimulatedListener(in: parts)
    random = SplitMix64(state: scenario.seed ^ 0x0B5E_55ED)
  }

  /// Lives through a scenario; with `isTold` the finding has the trace in words.
  static func live(_ scenario: Scenario, isTold: Bool = false) throws -> Finding {
    try World(scenario, isTold: isTold).live()
  }

  /// From its beginning to its end; once.
  func live() -> Finding {
    pass()
    busd.leave()
    timeline.end()
    return Finding(
      scenario: scenario, violations: parts.ledger.violations, trace: timeline.traceHash, checked: parts.ledger.checked,
      faultCount: scenario.faults.count, lines: timeline.lines)
  }

  private func pass() {
    busd.start()
    for publisher in publishers { publisher.start() }
    for engine in engines { engine.start() }
    service.start()
    listener.start()
    planWork()
    for fault in scenario.faults { timeline.at(fault.at) { [self] in happen(fault.kind) } }
    run(until: Scenario.unrest)
    mend()
    let end = timeline.now + Scenario.patience
    while !isAtRest, timeline.now < end, parts.ledger.violations.isEmpty { run(until: timeline.now + 500_000) }
    // What nobody waits for, as a plain message, is heard of within the longest silence of a listener.
    if isAtRest { run(until: timeline.now + Scenario.silence) }
    parts.ledger.check("drains", isAtRest, "after \(Scenario.patience / 1_000_000) s: \(unrest)")
    let checks = FinalChecks(parts, heard: listener.heard)
    checks.check(busd)
    guard parts.rules != nil else { return }
    do { checks.check(setAside: try publishers.reduce(into: []) { try $0.formUnion($1.setAsideIDs()) }) } catch {
      parts.ledger.violate("I31", "what was set aside cannot be read: \(error)")
    }
  }

  private func run(until end: Int64) {
    while timeline.step(until: end) { busd.look() }
    // Nothing happens any more before the end: time goes on all the same.
    timeline.at(end) {}
    _ = timeline.step(until: end)
  }

  // MARK: Work

  private func planWork() {
    for _ in 0..<scenario.eventCount {
      let kind = random.below(10) < 6 ? "index" : "move"
      let subject = Ledger.Subject(kind: kind, key: Int(random.below(3)))
      let publisher = Int(random.below(Int64(publishers.count)))
      let padding = random.below(20) == 0 ? Int(random.below(60_000)) : Int(random.below(40))
      let secret = secret()
      let (what, dueIn) = (random.below(10), random.below(4_000_000))
      timeline.at(random.below(Scenario.unrest)) { [self] in
        switch what {
        case 0: service.publish(subject)
        case 1 where dueIn.isMultiple(of: 3): service.enqueueByPriority()
        case 1: service.enqueue(dueIn: dueIn)
        default: publishers[publisher].publish(subject, padding: padding, beside: secret)
        }
      }
    }
    if scenario.seed.isMultiple(of: 4) || parts.rules != nil { planPlain() }
  }

  /// Whether something is published that is denied; nowhere where nothing is.
  private func secret() -> SimulatedPublisher.Secret? {
    guard parts.rules != nil, random.below(2) == 0 else { return nil }
    return random.below(3) == 0 ? .before : .behind
  }

  /// What a plain PUB socket sends: some of it is denied where anything is.
  private func planPlain() {
    for number in 0..<8 {
      let isSecret = parts.rules != nil && number.isMultiple(of: 4)
      timeline.at(random.below(Scenario.unrest)) { [self] in service.publishPlain(number, isSecret: isSecret) }
    }
    guard parts.rules != nil else { return }
    timeline.at(random.below(Scenario.unrest)) { [self] in service.publishSecret() }
    for _ in 0..<3 {
      timeline.at(random.below(Scenario.unrest)) { [self] in
        if let event = listener.lastCarried { service.forge(behind: event) }
      }
    }
  }

  // MARK: Faults

  private func happen(_ kind: Fault.Kind) {
    timeline.tell("FAULT \(kind)")
    timeline.note("fault")
    switch kind {
    case .killBusd(let time): busd.kill(downFor: time)
    case .cutPower(let time): busd.cutPower(downFor: time)
    case .killBusdAtDiskCall(let calls): busd.dieSoon(afterDiskCalls: calls)
    case .killBusdInStore(let place, let count): busd.dieSoon(in: place, after: count)
    case .pauseBusd(let time): busd.pause(for: time)
    case .failSync: busd.failSync()
    case .failStore: busd.failStore()
    case .fillDisk(let time):
      busd.fill(time.isMultiple(of: 2) ? .spool : .all)
      timeline.after(time) { [self] in busd.fill(.none) }
    case .killPublisher(let index): publishers[index].kill()
    case .killPublisherAtDiskCall(let index, let calls): publishers[index].dieSoon(after: calls)
    case .pausePublisher(let index, let time): publishers[index].pause(for: time)
    case .killEngine(let index): engines[index].kill()
    case .stopEngine(let index): engines[index].stop()
    case .pauseEngine(let index, let time): engines[index].pause(for: time)
    case .cutConnection(let client, let clientHears, let busdHears): cut(client, clientHears, busdHears)
    case .repeatRequests(let client): repeatRequests(client)
    case .dropLive(let client, let time):
      if client < engines.count { engines[client].deafen(for: time) } else { listener.deafen(for: time) }
    case .slowNetwork(let time): parts.network.slowUntil = timeline.now + time
    case .stepClock(let step): timeline.stepWall(by: step)
    }
  }

  private func cut(_ client: Int, _ clientHears: Int64, _ busdHears: Int64) {
    switch client {
    case 0..<2: publishers[client].cut(clientHears: clientHears, busdHears: busdHears)
    case 2..<4: engines[client - 2].cut(clientHears: clientHears, busdHears: busdHears)
    case 4: service.cut(clientHears: clientHears, busdHears: busdHears)
    default: listener.cut(clientHears: clientHears, busdHears: busdHears)
    }
  }

  private func repeatRequests(_ client: Int) {
    switch client {
    case 0..<2: publishers[client].repeatAll()
    case 2..<4: engines[client - 2].repeatAll()
    default: service.repeatAll()
    }
  }

  private func mend() {
    timeline.note("mended")
    timeline.mendWall()
    busd.mend()
    parts.network.slowUntil = 0
    for publisher in publishers { publisher.dieSoon(after: .max) }
  }

  // MARK: Rest

  private var isAtRest: Bool { unrest.isEmpty }

  /// What is still to be done.
  private var unrest: [String] {
    var unrest: [String] = []
    if !publishers.allSatisfy(\.isEmpty) { unrest.append("an outbox is not empty") }
    if service.openCount > 0 { unrest.append("\(service.openCount) requests are not answered") }
    guard !busd.isDown, busd.life.isAlive, let store = busd.store else { return unrest + ["busd is down"] }
    do {
      let head = listener.heard.last?.offset ?? .zero
      for status in try store.subscriptions() where status.cursor < head {
        unrest.append("\(status.name) stands at \(status.cursor) of \(head)")
      }
      let sure = parts.ledger.publications.values.count { $0.isSure || $0.isAcknowledged }
      if listener.heard.count < sure { unrest.append("the listener heard \(listener.heard.count) of \(sure)") }
      for counts in try store.queueCounts() {
        let open = counts.states.filter { !$0.key.isFinished }
        if open.values.contains(where: { $0 > 0 }) { unrest.append("jobs of \(counts.queue) are open: \(open)") }
      }
    } catch { unrest.append("the store cannot be read: \(error)") }
    return unrest
  }
}
