internal import BusProtocol
internal import BusSpool
internal import Logging
internal import ZeroMQ

/// Writes events: takes all that gathered, writes and syncs it once, then answers. Owns the spool.
actor SpoolLoop {
  nonisolated let thread: any LoopThread
  nonisolated var unownedExecutor: UnownedSerialExecutor { thread.asUnownedSerialExecutor() }

  private let spool: Spool
  private var owners: PublisherOwners
  private var fanOut: FanOut
  private var recent: RecentEvents
  private var identifiers: IdentifierSource
  private let payload: Int
  private var quotas: QuotaDesk
  private var principals = PrincipalQuotas()
  private var droppedCount = 0
  private let access: Access
  /// The last sequence of outboxes whose last records were denied: what comes behind them is no hole.
  private var passed: [PublisherID: UInt64] = [:]
  private let now: @Sendable () -> Timestamp
  private let counters: Counters
  private let logger: Logger
  private var sealTimer: TimerID?
  /// What is owed once the group is on disk, in the order of asking.
  private var owed: [(session: SessionID, answer: Owed)] = []
  /// Announced events of this group, and those that it could not take.
  private var announced: [EventID] = []
  private var unannounced: [EventID] = []
  private var appended = 0
  /// Written since the last rest.
  private var unrestedByteCount = 0
  private let rested: @Sendable () -> Void

  private enum Owed {
    case carried(request: UInt64, through: UInt64)
    /// Some of a batch are not taken, and never will be; the others are.
    case sifted(request: UInt64, Refusal)
    case published(request: UInt64, id: EventID, offset: Offset, isNew: Bool)
    case refused(request: UInt64?, Refusal)
  }

  private static let maximumPassed = 10_000
  /// After this long without events a seal says that all are on disk.
  private static let sealDelay: Duration = .milliseconds(100)
  /// Behind fewer bytes a rest has nothing to give back that counts.
  private static let restByteCount = 1 << 20

  init(
    spool: consuming sending Spool, owners: PublisherOwners, recent: RecentEvents, access: Access,
    thread: any LoopThread, identifiers: IdentifierSource, facts: BrokerFacts,
    now: @escaping @Sendable () -> Timestamp, counters: Counters, logger: Logger,
    rested: @escaping @Sendable () -> Void = {}
  ) {
    fanOut = FanOut(log: spool.logID, through: spool.durable)
    self.spool = spool
    self.owners = owners
    self.recent = recent
    self.access = access
    self.thread = thread
    self.identifiers = identifiers
    payload = facts.payload
    quotas = facts.quotas
    self.now = now
    self.counters = counters
    self.logger = logger
    self.rested = rested
  }

  /// Takes a batch from the socket loop; `done` gets the turn on this loop's thread.
  nonisolated func submit(_ batch: [SpoolItem], done: @escaping @Sendable (SpoolTurn) -> Void) {
    thread.perform { done(self.assumeIsolated { $0.turn(batch) }) }
  }

  /// One group: append all, sync once, answer all.
  private func turn(_ batch: [SpoolItem]) -> SpoolTurn {
    let moment = now()
    for item in batch {
      switch item {
      case .message(let session, let frames): accept(frames, from: session, at: moment)
      case .announced(let announcement): accept(announcement, at: moment)
      case .plain(let frames): acceptPlain(frames, at: moment)
      }
    }
    return commit()
  }

  private func accept(_ frames: [[UInt8]], from session: SessionID, at moment: Timestamp) {
    var number: UInt64?
    do {
      let asked = try Request(frames: frames)
      switch asked {
      case .carry(let request, let publisher, let oldest, let records):
        number = request
        guard !putsOff(session, request) else { return }
        try carry(records, of: publisher, oldest: oldest, request: request, session: session, at: moment)
      case .publish(let request, let publication, let data):
        number = request
        try access.check(asked, from: session)
        guard !putsOff(session, request) else { return }
        try publish(publication, data: data, request: request, session: session, at: moment)
      default: throw ProtocolError(.unknownVerb, "the spool is no place for this verb")
      }
    } catch {
      counters.add(to: .eventsRefused)
      owed.append((session, .refused(request: number, Refusal(spooling: error))))
    }
  }

  /// Whether the session has to wait, and is told so.
  private func putsOff(_ session: SessionID, _ request: UInt64) -> Bool {
    let own = quotas.wait(of: .session(session), now: thread.now)
    let bound = access.limits(of: session)
    let shared = bound.flatMap { principals.wait(of: $0.principal, $0.limits, now: thread.now) }
    guard let wait = [own, shared].compactMap(\.self).max() else { return false }
    counters.add(to: .requestsPutOff)
    let who = shared == wait ? bound?.principal : nil
    owed.append((session, .refused(request: request, QuotaDesk.refusal(wait, principal: who))))
    return true
  }

  private func charge(_ session: SessionID, events: Int, bytes: Int) {
    quotas.charge(.session(session), events: events, bytes: bytes, now: thread.now)
    guard let bound = access.limits(of: session) else { return }
    principals.charge(bound.principal, bound.limits, events: events, bytes: bytes, now: thread.now)
  }

  private func carry(
    _ bytes: [UInt8], of publisher: PublisherID, oldest: UInt64, request: UInt64, session: SessionID,
    at moment: Timestamp
  ) throws {
    let records = try Intake.records(bytes, of: publisher)
    var denied: Withheld?
    var isOwner = true
    if let guarded = access.guarding(session) {
      // Who sent it has gone since: to nobody all is denied, which must not hide what comes again in another session.
      guard let principal = guarded.principal else {
        throw Refusal(code: "no_session", message: "the session of this batch has ended", help: "say hello again")
      }
      if let foreign = guarded.denial(of: publisher, ownedBy: owners[publisher]) {
        // All of it, and its numbers count for nothing.
        charge(session, events: records.count, bytes: bytes.count)
        let all = Withheld(first: foreign, sequences: records.map(\.sequence))
        owed.append((session, .sifted(request: request, refusal(of: all, through: records.last?.sequence ?? 0))))
        return
      }
      denied = guarded.denial(of: records, in: bytes, at: moment)
      // Who may publish nothing of it does not become the owner.
      if denied.map({ $0.sequences.count < records.count }) ?? !records.isEmpty {
        try change { owners throws(SpoolError) in try owners.give(publisher, to: principal) }
      }
      isOwner = owners[publisher] == principal
    }
    let last = [spool.lastSequence(of: publisher), passed[publisher]].compactMap(\.self).max()
    switch Intake.decide(records, last: last, oldest: oldest) {
    case .gap(let expected):
      let refusal = Refusal(
        code: "gap", message: "the batch of publisher \(publisher) begins behind a hole",
        help: "go on from sequence \(expected)", expected: expected)
      owed.append((session, .refused(request: request, refusal)))
    case .accept(let new):
      let withheld = Set(denied?.sequences ?? [])
      for record in new where !withheld.contains(record.sequence) {
        _ = try spool.append(record.facts, at: record.start, of: bytes, now: moment)
        // One by one: what came before a refusal is in the group, and has to be committed.
        appended += 1
      }
      charge(session, events: records.count, bytes: bytes.count)
      counters.add(records.count - new.count, to: .eventsRepeated)
      let through = records.last?.sequence ?? 0
      guard let denied else { return owed.append((session, .carried(request: request, through: through))) }
      if isOwner, denied.sequences.last == through { pass(through, of: publisher) }
      owed.append((session, .sifted(request: request, refusal(of: denied, through: through))))
    }
  }

  /// Changes whose outboxes are; a sync that fails there ends the log, as one of its own does.
  private func change(_ body: (inout PublisherOwners) throws(SpoolError) -> Void) throws(SpoolError) {
    do { try body(&owners) } catch {
      if error.code == .syncFailed { spool.fail(error) }
      throw error
    }
  }

  /// The answer to a batch of which some may not be published: nothing of it is to come again.
  private func refusal(of denied: Withheld, through: UInt64) -> Refusal {
    counters.add(denied.sequences.count, to: .eventsRefused)
    counters.add(denied.signatureCount, to: .signaturesRefused)
    var refusal = access.refusal(of: denied.first)
    refusal.expected = through &+ 1
    refusal.denied = denied.sequences
    return refusal
  }

  /// Remembers that what an outbox ended with was denied: what comes behind is no hole.
  private func pass(_ sequence: UInt64, of publisher: PublisherID) {
    // Forgotten, it costs a repetition: the outbox is asked for what it has let go of, and says so.
    if passed.count >= SpoolLoop.maximumPassed { passed = [:] }
    passed[publisher] = sequence
  }

  private func publish(
    _ publication: Publication, data: [UInt8], request: UInt64, session: SessionID, at moment: Timestamp
  ) throws {
    if let id = publication.id, let offset = recent[id] {
      counters.add(to: .eventsRepeated)
      owed.append((session, .published(request: request, id: id, offset: offset, isNew: false)))
      return
    }
    try checkSize(data, publication.topic)
    _ = try JSONParser.parse(data)
    charge(session, events: 1, bytes: data.count)
    let event = event(publication.topic, publication.id, data, publication.headers, at: moment)
    let offset = try append(event, at: moment)
    owed.append((session, .published(request: request, id: event.id, offset: offset, isNew: true)))
  }

  private func checkSize(_ data: [UInt8], _ topic: Topic) throws(ProtocolError) {
    guard data.count <= payload else {
      throw ProtocolError(
        .tooLarge,
        "event \(topic) has \(data.count) bytes of data, the limit is \(payload): publish an id and keep the rest where "
          + "its truth is")
    }
  }

  /// Nobody waits for an answer here: what is malformed or finds no room is counted and said in the log.
  private func acceptPlain(_ frames: [[UInt8]], at moment: Timestamp) {
    guard quotas.wait(of: .plain, now: thread.now) == nil else { return dropPlain() }
    do {
      guard frames.count == 2 else {
        throw ProtocolError(.badMessage, "a plain message has \(frames.count) frames, expected topic and data")
      }
      let topic = try Topic(String(decoding: frames[0].prefix(Name.maximumLength + 1), as: UTF8.self))
      try checkSize(frames[1], topic)
      _ = try JSONParser.parse(frames[1])
      quotas.charge(.plain, events: 1, bytes: frames[1].count, now: thread.now)
      _ = try append(event(topic, nil, frames[1], EventHeaders(), at: moment), at: moment)
    } catch {
      counters.add(to: .intakeMalformed)
      logger.warning("a plain message was refused", metadata: ["error": "\(error)"])
    }
  }

  /// Said once for each power of two, so that the log is not filled.
  private func dropPlain() {
    droppedCount += 1
    counters.add(to: .intakeDropped)
    guard droppedCount & (droppedCount - 1) == 0 else { return }
    logger.warning(
      "plain messages were dropped: together they are more than one process may send",
      metadata: ["count": "\(droppedCount)"])
  }

  /// Its id was chosen when it was announced: after a crash it comes again, and is not stored again.
  private func accept(_ announcement: Announcement, at moment: Timestamp) {
    announced.append(announcement.id)
    guard recent[announcement.id] == nil else { return counters.add(to: .eventsRepeated) }
    do {
      let event = event(
        announcement.topic, announcement.id, announcement.data, announcement.headers, at: moment)
      _ = try append(event, at: moment)
    } catch {
      announced.removeLast()
      unannounced.append(announcement.id)
      logger.error(
        "an announced event was not published",
        metadata: ["event.id": "\(announcement.id)", "error": "\(error)"])
    }
  }

  private func event(
    _ topic: Topic, _ id: EventID?, _ data: [UInt8], _ headers: EventHeaders, at moment: Timestamp
  ) -> Event {
    let id = id ?? identifiers.next(at: moment)
    return Event(id: id, topic: topic, data: data, time: moment, headers: headers)
  }

  private func append(_ event: Event, at moment: Timestamp) throws -> Offset {
    let offset = try spool.append(event, now: moment)
    recent.insert(event.id, at: offset)
    appended += 1
    return offset
  }

  private func commit() -> SpoolTurn {
    defer {
      owed.removeAll(keepingCapacity: true)
      (announced, unannounced) = ([], [])
      appended = 0
    }
    var turn = SpoolTurn()
    (turn.published, turn.unpublished) = (announced, unannounced)
    guard appended > 0 else {
      turn.failure = syncFailure
      // Not even a repeat is acknowledged then: what it repeats may be in memory only.
      turn.letters = owed.map { owed in
        letter(turn.failure.map { refused(owed.answer, $0) } ?? owed.answer, to: owed.session)
      }
      return turn
    }
    do {
      let group = try spool.commit()
      counters.add(appended, to: .eventsStored)
      unrestedByteCount += group.bytes.count
      turn.live = fanOut.messages(of: group.bytes, through: group.last)
      turn.letters = owed.map { letter($0.answer, to: $0.session) }
      sealWhenIdle()
    } catch {
      counters.add(appended, to: .eventsRefused)
      for id in announced { recent.remove(id) }
      // A batch that ended with denied records comes again whole: its others were not stored.
      passed = [:]
      (turn.published, turn.unpublished) = ([], announced + unannounced)
      logger.error("events were not stored", metadata: ["error": "\(error)", "events": "\(appended)"])
      turn.letters = owed.map { letter(refused($0.answer, error), to: $0.session) }
      turn.failure = syncFailure
    }
    return turn
  }

  /// Set once a sync has failed, be it that of a seal: nothing is taken any more then, and busd has to end.
  private var syncFailure: BrokerError? {
    guard let error = spool.failure, error.code == .syncFailed else { return nil }
    return BrokerError(
      .disk, "the spool cannot be synced: \(error)",
      help: "busd stops, so that nothing is acknowledged that is not on disk; check the disk and start it again")
  }

  /// What was owed for a group that did not come to disk.
  private func refused(_ answer: Owed, _ error: any Error) -> Owed {
    switch answer {
    case .carried(let request, _), .sifted(let request, _):
      return .refused(request: request, Refusal(spooling: error))
    case .published(let request, let id, _, let isNew):
      if isNew { recent.remove(id) }
      return .refused(request: request, Refusal(spooling: error))
    case .refused: return answer
    }
  }

  private func letter(_ answer: Owed, to session: SessionID) -> Letter {
    switch answer {
    case .carried(let request, let through):
      Letter(.carried(request: request, through: through, head: spool.durable), to: session)
    case .published(let request, let id, let offset, _):
      Letter(.published(request: request, id: id, offset: offset), to: session)
    case .sifted(let request, let refusal): Letter(.refused(request: request, refusal), to: session)
    case .refused(let request, let refusal): Letter(.refused(request: request, refusal), to: session)
    }
  }

  private func sealWhenIdle() {
    if let sealTimer { thread.cancel(sealTimer) }
    sealTimer = thread.schedule(at: thread.now + SpoolLoop.sealDelay) {
      self.assumeIsolated { $0.seal() }
    }
  }

  private func seal() {
    sealTimer = nil
    do { try spool.seal(now: now()) } catch {
      logger.error("the spool could not be sealed", metadata: ["error": "\(error)"])
    }
    guard unrestedByteCount >= SpoolLoop.restByteCount else { return }
    unrestedByteCount = 0
    rested()
  }

  /// Lets segments go that nothing holds any more.
  nonisolated func retain(_ retention: Retention, protecting cursor: Offset?) {
    thread.perform { self.assumeIsolated { $0.removeSegments(retention, protecting: cursor) } }
  }

  private func removeSegments(_ retention: Retention, protecting cursor: Offset?) {
    do { try change { owners throws(SpoolError) in try owners.forget { spool.lastSequence(of: $0) != nil } } } catch {
      logger.error("outboxes of old could not be forgotten", metadata: ["error": "\(error)"])
    }
    do {
      let removed = try spool.retain(retention, protecting: cursor, now: now())
      guard !removed.isEmpty else { return }
      logger.info("segments were removed", metadata: ["count": "\(removed.count)"])
    } catch {
      logger.error("old segments could not be removed", metadata: ["error": "\(error)"])
    }
  }

  /// Seals and closes; what was submitted before has been answered.
  func close() throws {
    try spool.seal(now: now())
    spool.close()
  }
}
