internal import Bus
internal import BusProtocol
internal import BusSpool

/// A service of a world: publishes into the client's own ``Outbox`` on a disk of its own, and carries it to busd.
final class SimulatedPublisher {
  /// Where an outbox is, and who numbers its events.
  private struct Place {
    let directory: String
    let publisher: PublisherID
  }

  private let world: WorldParts
  private let name: String
  private var life: Life
  private var disk: SimulatedDisk
  private var talker: Talker?
  private var places: [Place] = []
  private var carriages: [SimulatedCarriage] = []
  private var starts = 0

  init(_ name: String, in world: WorldParts) {
    self.name = name
    self.world = world
    life = Life(world.timeline)
    disk = SimulatedDisk(of: life)
  }

  var isAlive: Bool { life.isAlive }
  /// Whether busd has all that any process of the service published.
  var isEmpty: Bool { isAlive && carriages.allSatisfy(\.isEmpty) }

  // MARK: The process

  /// A new process: with an outbox of its own, and those of its forerunners.
  func start() {
    starts += 1
    let hello = Hello(role: .service, process: "\(name).\(starts)")
    let talker = Talker(hello, life: life, network: world.network) { _ in }
    let timeline = world.timeline
    let id = PublisherID(at: timeline.wall, random: (timeline.random(), timeline.random()))
    places.append(Place(directory: "/outbox/\(starts)", publisher: id))
    carriages = places.compactMap { place in
      do throws(SpoolError) {
        let outbox = try Outbox(
          directory: place.directory, publisher: place.publisher, maximumByteCount: 8 << 20, syncs: false, disk: disk,
          now: timeline.wall, random: { timeline.random() })
        return SimulatedCarriage(outbox, talker: talker, ledger: world.ledger)
      } catch {
        if life.isAlive { world.ledger.violate("I11", "the outbox of \(name) does not open: \(error)") }
        return nil
      }
    }
    self.talker = talker
    talker.connect()
    for carriage in carriages { carriage.carry() }
  }

  /// `kill -9`; the next process comes after a while.
  func kill() {
    life.kill()
    talker?.cut(clientHears: 1, busdHears: 1 + world.timeline.below(100_000))
    bury()
  }

  /// Dies in one of the next calls of its disk.
  func dieSoon(after calls: Int) { disk.change { $0.deathAfter = calls } }

  private func bury() {
    talker = nil
    carriages = []
    world.timeline.after(1000 + world.timeline.below(800_000)) { [self] in
      life = Life(world.timeline)
      disk = disk.afterKill(for: life)
      start()
    }
  }

  func pause(for microseconds: Int64) { life.pause(for: microseconds) }
  func cut(clientHears: Int64, busdHears: Int64) { talker?.cut(clientHears: clientHears, busdHears: busdHears) }
  func repeatAll() { talker?.repeatAll() }

  // MARK: Publishing

  /// Publishes a change of the truth, as a service does; a dead process publishes nothing.
  func publish(_ subject: Ledger.Subject, padding: Int) {
    guard life.isAlive, let carriage = carriages.last, let place = places.last else { return }
    let version = world.ledger.change(subject)
    let data = Change(subject: subject, version: version, padding: padding)
    do {
      let topic = try Topic("\(subject.kind)_changed")
      let (id, sequence) = try carriage.outbox.append(
        topic, data: data.bytes, context: BusContext(), source: name, now: world.timeline.wall)
      world.timeline.note("published", id.low, sequence)
      let publication = Ledger.Publication(topic: topic, subject: subject, version: version, isSure: life.isAlive)
      // What it died in was promised to nobody, and may come all the same.
      if life.isAlive { world.ledger.outboxes[place.publisher, default: []].append(id) }
      world.ledger.publications[id] = publication
    } catch {
      if life.isAlive { world.ledger.violate("I11", "publish failed: \(error)") }
    }
    guard life.isAlive else {
      // It died in the call: `kill` does the rest.
      return kill()
    }
    carriage.carry()
  }
}

/// Carries one outbox to busd, as the client's ``Carrier`` decides.
final class SimulatedCarriage {
  let outbox: Outbox
  private let talker: Talker
  private let ledger: Ledger
  private var carrier: Carrier
  private var isResuming = false

  init(_ outbox: Outbox, talker: Talker, ledger: Ledger) {
    self.outbox = outbox
    self.talker = talker
    self.ledger = ledger
    carrier = Carrier(acknowledged: outbox.acknowledged)
  }

  var isEmpty: Bool { carrier.acknowledged >= outbox.head }

  private var now: ContinuousClock.Instant { talker.life.timeline.instant }

  func carry() {
    do {
      while carrier.wantsToSend(head: outbox.head, now: now) {
        let chunk = try outbox.reader.read(
          after: carrier.sent, maximumByteCount: Carrier.maximumByteCount, maximumCount: Carrier.maximumRecordCount
        ) { _ in true }
        guard chunk.count > 0 else { break }
        send(chunk)
      }
    } catch {
      if talker.life.isAlive { ledger.violate("I11", "an outbox cannot be read: \(error)") }
    }
    guard let until = carrier.pausedUntil, !isResuming else { return }
    isResuming = true
    talker.life.at(until) { [self] in
      isResuming = false
      carry()
    }
  }

  private func send(_ chunk: SpoolChunk) {
    carrier.didSend(through: chunk.through)
    let (generation, publisher) = (carrier.generation, outbox.publisher)
    let oldest = max(chunk.first.rawValue, 1)
    talker.ask {
      .carry(request: $0, publisher: publisher, oldest: oldest, records: chunk.bytes)
    } answer: { [self] in
      answered($0, generation: generation)
    }
  }

  private func answered(_ reply: Reply, generation: Int) {
    switch reply {
    case .carried(_, let through, _):
      if carrier.carried(through: Offset(through), generation: generation, now: now) { forget() }
    case .refused(_, let refusal): carrier.refused(refusal, generation: generation, now: now)
    default: talker.life.fail("a carry was answered with something else")
    }
    carry()
  }

  private func forget() {
    let through = carrier.acknowledged.rawValue
    ledger.acknowledged[outbox.publisher] = max(ledger.acknowledged[outbox.publisher] ?? 0, through)
    do { try outbox.forget(through: carrier.acknowledged) } catch {
      if talker.life.isAlive { ledger.violate("I11", "an outbox cannot be cut: \(error)") }
    }
  }
}

/// The data of an event: what changed, and which version the truth had then.
struct Change {
  let subject: Ledger.Subject
  let version: Int
  var padding = 0

  var bytes: [UInt8] {
    let padding = String(repeating: "x", count: padding)
    let json: JSONValue = [
      "kind": .string(subject.kind), "key": subject.key.jsonValue, "version": version.jsonValue,
      "padding": .string(padding),
    ]
    return json.bytes
  }
}
