internal import BusProtocol
internal import BusSpool
internal import BusStore

/// Compares what busd kept with what the outside knows, once all has come to rest and the power was cut once more.
struct FinalChecks {
  private let parts: WorldParts
  private let heard: [(offset: Offset, id: EventID)]

  init(_ parts: WorldParts, heard: [(offset: Offset, id: EventID)]) {
    self.parts = parts
    self.heard = heard
  }

  private var ledger: Ledger { parts.ledger }

  func check(_ busd: SimulatedBusd) {
    if let store = busd.store, busd.life.isAlive {
      do { try checkJobs(store) } catch { ledger.violate("I13", "the store cannot be read: \(error)") }
    }
    let cursors = (try? busd.store?.subscriptions()) ?? []
    let life = Life(parts.timeline)
    let disk = busd.disk.afterPowerCut(for: life)
    do {
      let timeline = parts.timeline
      let spool = try Spool(
        directory: SimulatedBusd.spoolDirectory, options: SimulatedBusd.spoolOptions, disk: disk, now: timeline.wall,
        random: { timeline.random() })
      let events = try read(spool.reader())
      checkOrder(events)
      checkPublications(events)
      checkSubscriptions(events, cursors)
      checkListener(events)
      try checkUpdates(events, busd.store)
    } catch { ledger.violate("I6", "the spool cannot be read after a power cut: \(error)") }
  }

  // MARK: The spool

  private func read(_ reader: SpoolReader) throws -> [Event] {
    let first = try reader.read(after: .zero, maximumByteCount: 1 << 26, maximumCount: 100_000) { _ in true }
    let second = try reader.read(after: .zero, maximumByteCount: 1 << 26, maximumCount: 100_000) { _ in true }
    ledger.check("I5", first.bytes == second.bytes, "two replays differ")
    return try Record.events(first.bytes)
  }

  private func checkOrder(_ events: [Event]) {
    var last: Event?
    for event in events {
      let next = (last?.offset.rawValue ?? 0) + 1
      ledger.check("I4", event.offset.rawValue == next, "\(event.offset) comes after \(next - 1)")
      if let last {
        ledger.check("I4", event.recordedAt >= last.recordedAt, "\(event.offset) was recorded before the one before")
      }
      last = event
    }
    let ids = Set(events.map(\.id))
    ledger.check("I3", ids.count == events.count, "\(events.count - ids.count) events are stored twice")
  }

  private func checkPublications(_ events: [Event]) {
    let places = Dictionary(events.map { ($0.id, $0.offset) }) { first, _ in first }
    for (id, publication) in ledger.publications {
      guard publication.isAcknowledged else { continue }
      ledger.check("I1", places[id] != nil, "event \(id) was acknowledged, and is not there")
      if let offset = publication.offset {
        ledger.check("I4", places[id] == offset, "event \(id) was at \(offset), and is elsewhere")
      }
    }
    for event in events {
      ledger.check("I31", event.topic.text != Rules.secret, "\(event.offset) may not be published")
      let isKnown = ledger.publications[event.id] != nil || isTorn(event) || isTold(event) || isPlain(event)
      let origin = "\(event.topic), number \(event.publisherSequence) of \(event.publisher)"
      ledger.check("I6", isKnown, "\(event.offset) (\(origin)) was never published")
    }
    checkOutboxes(Dictionary(grouping: events.filter { $0.publisherSequence > 0 }, by: \.publisher))
  }

  /// What a process published came once, in its order, and nothing that it may not publish; whatever was refused beside.
  private func checkOutboxes(_ carried: [PublisherID: [Event]]) {
    for (publisher, ids) in ledger.outboxes.sorted(by: { $0.key < $1.key }) {
      let mine = carried[publisher] ?? []
      let allowed = ids.enumerated().filter { !isSecret($0.element) }
      let inOrder = zip(mine, mine.dropFirst()).allSatisfy { $0.publisherSequence < $1.publisherSequence }
      ledger.check("I11", inOrder, "events of outbox \(publisher) are out of order, or not once each")
      let isAsItWas =
        mine.prefix(allowed.count).map(\.id) == allowed.map(\.element)
        && zip(mine, allowed).allSatisfy { $0.publisherSequence == UInt64($1.offset + 1) }
      ledger.check("I11", isAsItWas, "outbox \(publisher) did not come as it was")
      let acknowledged = allowed.prefix { UInt64($0.offset) < ledger.acknowledged[publisher] ?? 0 }
      ledger.check("I1", mine.count >= acknowledged.count, "outbox \(publisher) lost what was acknowledged")
    }
  }

  private func isSecret(_ id: EventID) -> Bool { ledger.publications[id].map { $0.subject == nil } ?? false }

  /// What may not be published is in no spool, and all of it that was promised to anybody was set aside.
  func check(setAside: Set<EventID>) {
    for id in ledger.outboxes.values.joined().filter(isSecret).sorted() {
      ledger.check("I31", setAside.contains(id), "event \(id) was denied, and is not set aside")
    }
    for id in setAside.sorted() { ledger.check("I31", isSecret(id), "event \(id) was set aside, and is allowed") }
  }

  /// An event whose publisher died before `publish` returned may have come all the same.
  private func isTorn(_ event: Event) -> Bool {
    event.publisherSequence == UInt64((ledger.outboxes[event.publisher] ?? []).count + 1)
  }

  /// A message of a plain PUB socket is stored as it was sent, once at most.
  private func isPlain(_ event: Event) -> Bool {
    guard event.topic == "plain_changed", let number: Int = try? event["number"] else { return false }
    return ledger.plain[number] == true
  }

  /// busd itself tells of jobs that are dead.
  private func isTold(_ event: Event) -> Bool { event.topic == "job_dead" && event.publisherSequence == 0 }

  private func checkListener(_ events: [Event]) {
    let isWhole = heard.count == events.count && zip(heard, events).allSatisfy { $0.id == $1.id }
    ledger.check("I12", isWhole, "the listener heard \(heard.count) of \(events.count) events, or others")
  }

  // MARK: Subscriptions and jobs

  private func checkSubscriptions(_ events: [Event], _ cursors: [SubscriptionStatus]) {
    for status in cursors {
      for event in events where event.offset <= status.cursor {
        guard status.patterns.contains(where: { $0.matches(event.topic) }) else { continue }
        ledger.check(
          "I10", parts.witness.hasDecided(event.id, status.name),
          "\(status.name) went past \(event.offset) without its job")
        ledger.check(
          "I7", ledger.handled[status.name]?.contains(event.id) ?? false,
          "\(status.name) went past \(event.offset), and its handler has not seen it")
      }
    }
  }

  private func checkJobs(_ store: SimulatedStore) throws {
    for counts in try store.queueCounts() {
      ledger.check("I13", counts.unaccounted == 0, "\(counts.unaccounted) jobs of \(counts.queue) are nowhere")
    }
    let jobs = try store.jobs(JobFilter(limit: 10_000))
    for job in jobs {
      let most = ShopWorkers.retry.attempts
      ledger.check("I20", job.attempts <= most, "job \(job.id) had \(job.attempts) attempts of \(most)")
      if job.state == .dead { ledger.check("I20", !job.failures.isEmpty, "job \(job.id) is dead for no reason") }
    }
    let kept = Set(jobs.map(\.id))
    for id in ledger.acknowledgedJobs {
      ledger.check("I13", kept.contains(id), "job \(id) was acknowledged, and is not there")
    }
  }

  /// I8: for each subject the last change was seen by a run that began after it, or its job is visibly dead.
  private func checkUpdates(_ events: [Event], _ store: SimulatedStore?) throws {
    var latest: [Ledger.Subject: Int] = [:]
    for event in events {
      guard let publication = ledger.publications[event.id], let subject = publication.subject else { continue }
      latest[subject] = max(latest[subject] ?? 0, publication.version)
    }
    let dead = try store?.jobs(JobFilter(state: .dead, limit: 10_000)) ?? []
    let excused = Set(dead.compactMap { ShopWorkers.subject(worker: $0.wish.worker, inputs: $0.wish.inputs) })
    for (subject, version) in latest.sorted(by: { $0.key < $1.key }) where !excused.contains(subject) {
      let applied = ledger.applied[subject] ?? 0
      ledger.check("I8", applied >= version, "\(subject) stands at version \(applied) of \(version)")
    }
  }
}
