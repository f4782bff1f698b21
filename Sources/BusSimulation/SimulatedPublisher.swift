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
    let talker = Talker(hello, as: name, life: life, network: world.network) { _ in }
    let timeline = world.timeline
    let id = PublisherID(at: timeline.wall, random: (timeline.random(), timeline.random()))
    places.append(Place(directory: "/outbox/\(starts)", publisher: id))
    carriages = places.compactMap { place in
      do throws(SpoolError) {
        let outbox = try Outbox(
          directory: place.directory, publisher: place.publisher, maximumByteCount: 8 << 20, syncs: false, disk: disk,
          now: timeline.wall, random: { timeline.random() })
        return SimulatedCarriage(outbox, talker: talker, ledger: world.ledger) { [unowned self] in
          // A process that dies in it is followed by another one.
          defer { if !life.isAlive { kill() } }
          try setAside($0)
        }
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

  /// Something published beside an event that nobody may publish.
  enum Secret { case before, behind }

  /// Publishes a change of the truth, as a service does; a dead process publishes nothing.
  func publish(_ subject: Ledger.Subject, padding: Int, beside secret: Secret?) {
    guard life.isAlive, let carriage = carriages.last else { return }
    let version = world.ledger.change(subject)
    let data = Change(subject: subject, version: version, padding: padding).bytes
    if secret == .before { append(Rules.secret, [0x7B, 0x7D], nil) }
    append("\(subject.kind)_changed", data, subject, version: version)
    if secret == .behind { append(Rules.secret, [0x7B, 0x7D], nil) }
    guard life.isAlive else {
      // It died in the call: `kill` does the rest.
      return kill()
    }
    carriage.carry()
  }

  private func append(_ topic: String, _ data: [UInt8], _ subject: Ledger.Subject?, version: Int = 0) {
    guard life.isAlive, let outbox = carriages.last?.outbox else { return }
    do {
      let topic = try Topic(topic)
      let (id, sequence) = try outbox.append(
        topic, data: data, context: BusContext(), source: name, now: world.timeline.wall)
      world.timeline.note("published", id.low, sequence)
      // What it died in was promised to nobody, and may come all the same.
      if life.isAlive { world.ledger.outboxes[outbox.publisher, default: []].append(id) }
      let isSure = life.isAlive && subject != nil
      world.ledger.publications[id] = Ledger.Publication(
        topic: topic, subject: subject, version: version, isSure: isSure)
    } catch {
      if life.isAlive { world.ledger.violate("I11", "publish failed: \(error)") }
    }
  }

  // MARK: What may not be published

  private static let deniedFile = "/outbox/denied.jsonl"

  /// Keeps lines on its disk, as ``SetAside`` does on a real one.
  fileprivate func setAside(_ lines: [UInt8]) throws(DiskError) {
    let file = try disk.open(SimulatedPublisher.deniedFile, .create)
    defer { disk.close(file) }
    let end = try disk.byteCount(of: file)
    let last = try disk.read(1, from: file, at: max(end - 1, 0)).first ?? UInt8(ascii: "\n")
    let lines = SetAside.behind(last, lines)
    guard try disk.write(lines.span.bytes, to: file, at: end) == lines.count else {
      throw DiskError(.other, "the process is dead")
    }
    try disk.sync(file)
  }

  /// The ids in the file of what may not be published.
  func setAsideIDs() throws -> Set<EventID> {
    guard let file = try? disk.open(SimulatedPublisher.deniedFile, .read) else { return [] }
    defer { disk.close(file) }
    let lines = try disk.read(disk.byteCount(of: file), from: file, at: 0).split(separator: UInt8(ascii: "\n"))
    var ids: Set<EventID> = []
    for line in lines {
      // A line that its process died in; the next process sets its event aside again.
      guard case .object(let object)? = try? JSONParser.parse(Array(line)), case .object(let event)? = object["event"],
        case .string(let text)? = event["id"], let id = try? EventID(text)
      else { continue }
      ids.insert(id)
    }
    return ids
  }
}

/// Carries one outbox to busd, as the client's ``Carrier`` decides.
final class SimulatedCarriage {
  let outbox: Outbox
  private let talker: Talker
  private let ledger: Ledger
  private var carrier: Carrier
  private var isResuming = false
  private let setAside: ([UInt8]) throws -> Void

  init(_ outbox: Outbox, talker: Talker, ledger: Ledger, setAside: @escaping ([UInt8]) throws -> Void) {
    self.setAside = setAside
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
    case .refused(_, let refusal) where !refusal.denied.isEmpty: setAside(refusal, generation: generation)
    case .refused(_, let refusal): carrier.refused(refusal, generation: generation, now: now)
    default: talker.life.fail("a carry was answered with something else")
    }
    carry()
  }

  private func setAside(_ refusal: Refusal, generation: Int) {
    do {
      try setAside(SetAside.lines(refusal.denied, of: outbox, why: refusal.message))
    } catch {
      return carrier.refused(refusal, generation: generation, now: now)
    }
    let through = Offset(max(refusal.expected ?? 1, 1) - 1)
    if carrier.carried(through: through, generation: generation, now: now) { forget() }
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
