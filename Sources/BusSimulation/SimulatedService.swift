internal import Bus
internal import BusProtocol

/// A process without an outbox: publishes by id, and asks for jobs at a time. What it asks is asked until it is
/// answered, and a refusal for now is asked again.
final class SimulatedService {
  private let world: WorldParts
  private let life: Life
  private var talker: Talker?
  /// What is not answered yet.
  private(set) var openCount = 0

  init(in world: WorldParts) {
    self.world = world
    life = Life(world.timeline)
  }

  func start() {
    let talker = Talker(Hello(role: .tool, process: "tool"), as: "tool", life: life, network: world.network) { _ in }
    self.talker = talker
    talker.connect()
  }

  func cut(clientHears: Int64, busdHears: Int64) { talker?.cut(clientHears: clientHears, busdHears: busdHears) }
  func repeatAll() { talker?.repeatAll() }

  func publish(_ subject: Ledger.Subject) {
    let timeline = world.timeline
    let id = EventID(at: timeline.wall, random: (timeline.random(), timeline.random()))
    let version = world.ledger.change(subject)
    guard let topic = try? Topic("\(subject.kind)_changed") else { return }
    world.ledger.publications[id] = Ledger.Publication(topic: topic, subject: subject, version: version)
    let publication = Publication(topic: topic, id: id)
    let data = Change(subject: subject, version: version).bytes
    openCount += 1
    ask {
      .publish(request: $0, publication: publication, data: data)
    } done: { [self] reply in
      guard case .published(_, let answered, let offset) = reply else { return }
      let known = world.ledger.publications[id]?.offset
      world.ledger.check("I3", answered == id && (known ?? offset) == offset, "event \(id) got two places")
      world.ledger.publications[id]?.isAcknowledged = true
      world.ledger.publications[id]?.offset = offset
    }
  }

  /// Asks for what it may not, and is told so.
  func publishSecret() {
    let timeline = world.timeline
    let id = EventID(at: timeline.wall, random: (timeline.random(), timeline.random()))
    guard let topic = try? Topic(Rules.secret) else { return }
    openCount += 1
    talker?.ask {
      .publish(request: $0, publication: Publication(topic: topic, id: id), data: [0x7B, 0x7D])
    } answer: { [self] reply in
      openCount -= 1
      let isDenied = if case .refused(_, let refusal) = reply { refusal.code == "denied" } else { false }
      world.ledger.check("I31", isDenied, "\(Rules.secret) was answered with \(reply)")
    }
  }

  /// Numbers events in the name of another's outbox, whose id stands in the events that it hears; nothing may come of it.
  func forge(behind event: Event) {
    let timeline = world.timeline
    var records: [UInt8] = []
    do {
      for place in 1...3 as ClosedRange<UInt64> {
        var forged = event
        forged.id = EventID(at: timeline.wall, random: (timeline.random(), timeline.random()))
        forged.publisherSequence = event.publisherSequence + place
        try Record.append(forged, to: &records)
      }
    } catch { return world.ledger.violate("I31", "no event can be forged: \(error)") }
    openCount += 1
    carry(records, behind: event)
  }

  private func carry(_ records: [UInt8], behind event: Event) {
    talker?.ask {
      .carry(request: $0, publisher: event.publisher, oldest: event.publisherSequence + 1, records: records)
    } answer: { [self] reply in
      if case .refused(_, let refusal) = reply, let pause = refusal.retryAfter {
        return life.after(pause.inMicroseconds) { [self] in carry(records, behind: event) }
      }
      openCount -= 1
      let isDenied = if case .refused(_, let refusal) = reply { refusal.denied.count == 3 } else { false }
      world.ledger.check("I31", isDenied, "events in the name of \(event.publisher) were answered with \(reply)")
    }
  }

  /// Sends a message as a plain PUB socket does, which hears nothing of it.
  func publishPlain(_ number: Int, isSecret: Bool) {
    world.ledger.plain[number] = !isSecret
    let topic = isSecret ? Rules.secret : "plain_changed"
    let json: JSONValue = ["number": number.jsonValue]
    world.network.sendPlain([Array(topic.utf8), json.bytes], from: "plain")
  }

  func enqueue(dueIn microseconds: Int64) {
    var job = job(ShopWorkers.later)
    job.dueAt = world.timeline.wall + .microseconds(microseconds)
    enqueue([job])
  }

  /// More jobs than there are hands, the most urgent ones last.
  func enqueueByPriority() {
    enqueue(
      (0..<5).map { place in
        var job = job(ShopWorkers.urgent)
        job.priority = place * 10
        return job
      })
  }

  private func job(_ worker: Name) -> NewJob {
    let timeline = world.timeline
    let id = JobID(at: timeline.wall, random: (timeline.random(), timeline.random()))
    var job = NewJob(id: id, queue: QueueName(engine: SimulatedEngine.engine, name: "default"), worker: worker)
    job.retry = ShopWorkers.retry
    return job
  }

  private func enqueue(_ jobs: [NewJob]) {
    openCount += 1
    ask {
      .enqueue(request: $0, jobs: jobs)
    } done: { [self] reply in
      guard case .enqueued(_, let outcomes) = reply else { return }
      world.ledger.check("I28", outcomes == jobs.map { .enqueued($0.id) }, "jobs were not kept: \(outcomes)")
      world.ledger.acknowledgedJobs += jobs.map(\.id)
    }
  }

  private func ask(_ make: @escaping (UInt64) -> Request, done: @escaping (Reply) -> Void) {
    talker?.ask(make) { [self] reply in
      if case .refused(_, let refusal) = reply {
        let pause = refusal.retryAfter ?? .seconds(1)
        world.ledger.check("I28", refusal.retryAfter != nil, "a request was refused for good: \(refusal)")
        return life.after(pause.inMicroseconds) { [self] in ask(make, done: done) }
      }
      openCount -= 1
      done(reply)
    }
  }
}

/// A process that follows all events, as `bus tail` does, and must not miss one.
final class SimulatedListener {
  private let world: WorldParts
  private let life: Life
  private var talker: Talker?
  private(set) var follow: SimulatedFollow?
  private(set) var heard: [(offset: Offset, id: EventID)] = []
  /// The last event that came from an outbox.
  private(set) var lastCarried: Event?

  init(in world: WorldParts) {
    self.world = world
    life = Life(world.timeline)
  }

  func start() {
    let talker = Talker(
      Hello(role: .tool, process: "tail"), as: "tail", life: life, network: world.network
    ) { [unowned self] event in
      if case .up(let welcome) = event { follow?.sessionBegan(welcome) }
    }
    self.talker = talker
    follow = SimulatedFollow(
      ["*"], after: .zero, talker: talker, network: world.network,
      failed: { [world] in world.ledger.violate("I12", "the listener: \($0)") },
      deliver: { [unowned self] in take($1, through: $0) })
    talker.connect()
  }

  private func take(_ events: [Event], through: Offset) {
    for event in events {
      let last = heard.last?.offset ?? .zero
      world.ledger.check("I12", event.offset.rawValue == last.rawValue + 1, "heard \(event.offset) after \(last)")
      heard.append((event.offset, event.id))
      if event.publisherSequence > 0 { lastCarried = event }
    }
  }

  func pause(for microseconds: Int64) { life.pause(for: microseconds) }
  func deafen(for microseconds: Int64) { follow?.deafen(until: world.timeline.now + microseconds) }
  func cut(clientHears: Int64, busdHears: Int64) { talker?.cut(clientHears: clientHears, busdHears: busdHears) }
}
