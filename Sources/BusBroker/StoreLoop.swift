internal import BusProtocol
internal import BusSpool
internal import BusStore
internal import Logging
internal import ZeroMQ

/// What comes to the store loop.
enum StoreItem: Sendable {
  /// A request of a session, in its frames.
  case message(SessionID, frames: [[UInt8]])
  /// A session began.
  case opened(SessionID, Hello)
  /// A session's connection broke, or it said goodbye.
  case closed(SessionID, saidGoodbye: Bool)
  /// Announced events are in the spool; those that failed are tried again.
  case published([EventID], failed: [EventID])
}

/// What a turn of the store loop leads to.
struct StoreTurn: Sendable {
  var letters: [Letter] = []
  /// Announced events whose time has come, to be published.
  var events: [Announcement] = []
  /// Set when the store cannot be used any more.
  var failure: BrokerError?
}

/// Keeps jobs: takes all that gathered, changes the store in one transaction, hands out what can run, answers.
///
/// A turn: read the requests into commands → add what is due by now (leases that ended, seats to fill, claims for free
/// hands) → one synced transaction → settle each command's reply. A claim sees the enqueues and the finishes of its own
/// turn, so a job that comes to an idle worker costs one sync.
actor StoreLoop {
  nonisolated let thread: any LoopThread
  nonisolated var unownedExecutor: UnownedSerialExecutor { thread.asUnownedSerialExecutor() }

  /// A command, and what to do with its reply. A refusal goes to who asked.
  struct Step {
    var command: StoreCommand
    var origin: (session: SessionID, request: UInt64)?
    var settle: (isolated StoreLoop, StoreReply) -> Void
  }

  let store: any JobStore
  let reader: SpoolReader
  let counters: Counters
  let facts: BrokerFacts
  let access: Access
  var jobs: JobDesk
  var subscriptions: SubscriptionDesk
  /// The leases of subscriptions that were given in this turn.
  var grants: [SessionID: [Grant]] = [:]
  var schedules: ScheduleDesk
  var tellers = ScheduleTellers()
  var processes: [SessionID: Hello] = [:]
  let now: @Sendable () -> Timestamp
  let logger: Logger
  private var steps: [Step] = []
  var questions: [(session: SessionID, request: UInt64, about: String, parameters: JSONObject)] = []
  private var turnLetters: [Letter] = []
  var announcements = AnnouncementDesk()
  var waits = WaitDesk()
  var inboxes = InboxDesk()
  private var timer: TimerID?
  private var isClosed = false
  /// When the rate of a queue lets more through than the last claims got.
  private var nextOpening: Timestamp?
  /// When to try again what the store had no room for.
  private var retryAt: ContinuousClock.Instant?
  private var nextPrune: ContinuousClock.Instant
  private var deliver: (@Sendable (StoreTurn) -> Void)?

  /// How often finished jobs that are old enough are removed.
  private static let pruneInterval: Duration = .seconds(60)
  /// So many go in one transaction at the most.
  private static let pruneLimit = 5000
  /// A message of jobs has about so many bytes at the most; one goes in any case.
  private static let longestMessage = 1 << 20
  /// About what a job takes in a message beside its inputs and the context that it carries.
  private static let assignmentByteCount = 512
  /// What the store refuses for now it is asked again after this long.
  private static let retryPause: Duration = .seconds(1)
  /// The clock may jump: what is due by the wall clock is looked at again after this long at the latest.
  private static let longestSleep: Duration = .seconds(60)

  init(
    store: consuming sending any JobStore, reader: SpoolReader, facts: BrokerFacts, access: Access,
    thread: any LoopThread,
    now: @escaping @Sendable () -> Timestamp, counters: Counters, logger: Logger
  ) {
    self.store = store
    self.reader = reader
    self.facts = facts
    self.access = access
    self.thread = thread
    self.now = now
    self.counters = counters
    self.logger = logger
    jobs = JobDesk(lease: facts.lease, ranks: facts.ranks)
    subscriptions = SubscriptionDesk(lease: facts.lease)
    schedules = ScheduleDesk(facts.topology)
    nextPrune = thread.now + StoreLoop.pruneInterval
  }

  /// Begins: remembers the leases of before, and looks at what is due. `deliver` gets each turn on this loop's thread.
  nonisolated func start(deliver: @escaping @Sendable (StoreTurn) -> Void) {
    thread.perform {
      self.assumeIsolated { loop in
        loop.deliver = deliver
        loop.rememberLeases()
        loop.rememberSchedules()
        loop.rememberPauses()
        loop.turnByTimer()
      }
    }
  }

  private func rememberLeases() {
    do {
      for lease in try store.running() { jobs.remember(lease.job, token: lease.token, now: thread.now) }
    } catch {
      logger.error("the running jobs could not be read", metadata: ["error": "\(error)"])
    }
  }

  /// Takes a batch from the socket loop.
  nonisolated func submit(_ batch: [StoreItem]) {
    thread.perform { self.assumeIsolated { $0.turn(batch) } }
  }

  private func turnByTimer() {
    timer = nil
    addDue()
    finishTurn()
  }

  private func turn(_ batch: [StoreItem]) {
    guard !isClosed else { return }
    for item in batch {
      switch item {
      case .message(let session, let frames): read(frames, from: session)
      case .opened(let session, let hello): processes[session] = hello
      case .closed(let session, let saidGoodbye): close(session, saidGoodbye: saidGoodbye)
      case .published(let ids, let failed): forget(ids, failed: failed)
      }
    }
    addDue()
    finishTurn()
  }

  private func finishTurn() {
    var turn = StoreTurn()
    turn.failure = perform()
    tellGrants()
    for question in questions { answer(question) }
    questions.removeAll(keepingCapacity: true)
    tellWhoWaits()
    tellInboxes()
    turn.letters = turnLetters
    turnLetters = []
    turn.events = takeDueAnnouncements()
    deliver?(turn)
    plan()
  }

  // MARK: What is due

  /// Adds, in this order: jobs of schedules, jobs whose time has come, leases that ended, seats to fill, then claims for
  /// free hands.
  private func addDue() {
    fireSchedules(at: now())
    if isSomethingDue() { addPromotion() }
    if let nextOpening, nextOpening <= now() {
      self.nextOpening = nil
      jobs.expectWorkAnywhere()
    }
    takeBackEnded()
    fillSeats()
    pruneHistory()
  }

  /// A step of a bounded size; the next one follows in the same turn while more is due.
  private func addPromotion() {
    add(.promote) { loop, reply in
      loop.jobs.expectWorkAnywhere()
      if case .promoted(StoreCommand.promotionLimit) = reply { loop.addPromotion() }
    }
  }

  private func isSomethingDue() -> Bool {
    guard let due = (try? store.nextDue()).flatMap({ $0 }) else { return false }
    return due <= now()
  }

  private func takeBackEnded() {
    let ended = jobs.expire(now: thread.now)
    guard !ended.isEmpty else { return }
    counters.add(ended.count, to: .leasesEnded)
    logger.warning("leases ended without a result", metadata: ["jobs": "\(ended.count)"])
    let lost = ended.map {
      LostLease(id: $0.id, token: $0.token, reason: "its process was lost, or did not say that it lives")
    }
    add(.lose(lost)) { loop, _ in loop.jobs.expectWorkAnywhere() }
  }

  private func pruneHistory() {
    guard nextPrune <= thread.now else { return }
    nextPrune = thread.now + StoreLoop.pruneInterval
    add(.prune(facts.history, limit: StoreLoop.pruneLimit)) { loop, _ in
      loop.facts.noteCursor((try? loop.store.minimumCursor()) ?? nil)
    }
  }

  func add(
    _ command: StoreCommand, for origin: (session: SessionID, request: UInt64)? = nil,
    settle: @escaping (isolated StoreLoop, StoreReply) -> Void
  ) {
    steps.append(Step(command: command, origin: origin, settle: settle))
  }

  // MARK: The transaction

  /// Closes the store; what was submitted before has been answered, and nobody is there any more for what comes later.
  func close() throws {
    isClosed = true
    if let timer { thread.cancel(timer) }
    try store.close()
  }

  /// Performs what was gathered, then claims until no free hand can get more, each pass in one transaction.
  private func perform() -> BrokerError? {
    retryAt = nil
    addClaims()
    while !steps.isEmpty {
      let now = steps
      steps = []
      if let failure = perform(now) { return failure }
      // Seats and claims that were refused would be asked for again at once, for as long as the disk is full.
      guard retryAt == nil else { return nil }
      fillSeats()
      addClaims()
    }
    return nil
  }

  private func addClaims() {
    for (session, claim) in jobs.claims() {
      add(.claim(claim)) { loop, reply in
        guard case .claimed(let assignments) = reply else { return }
        loop.jobs.assigned(assignments, to: session, for: claim, now: loop.thread.now)
        guard !assignments.isEmpty else { return }
        loop.counters.add(assignments.count, to: .jobsClaimed)
        loop.send(assignments, to: session)
      }
    }
  }

  /// In as many messages as their inputs need.
  private func send(_ assignments: [Assignment], to session: SessionID) {
    var (start, byteCount) = (0, 0)
    for (index, assignment) in assignments.enumerated() {
      let context = assignment.cause.context.map { JSONWriter.byteCount($0) } ?? 0
      let size = assignment.given.byteCount + context + StoreLoop.assignmentByteCount
      if byteCount + size > StoreLoop.longestMessage, index > start {
        send(.jobs(Array(assignments[start..<index])), to: session)
        (start, byteCount) = (index, 0)
      }
      byteCount += size
    }
    send(.jobs(Array(assignments[start...])), to: session)
  }

  private func perform(_ steps: [Step]) -> BrokerError? {
    do {
      let replies = try store.perform(steps.map(\.command), at: now())
      for (step, reply) in zip(steps, replies) { step.settle(self, reply) }
      return nil
    } catch {
      // One command that cannot be done must not take the others with it.
      guard error.code != .diskFull, steps.count > 1 else { return refuse(steps, error) }
      for step in steps {
        if let failure = perform([step]) { return failure }
      }
      return nil
    }
  }

  private func refuse(_ steps: [Step], _ error: StoreError) -> BrokerError? {
    logger.error("the store refused", metadata: ["error": "\(error)"])
    retryAt = thread.now + StoreLoop.retryPause
    for step in steps {
      takeBack(step.command)
      guard let origin = step.origin else { continue }
      let code = error.code == .diskFull ? "disk_full" : "store"
      refuse(
        Refusal(code: code, message: error.message, retryAfter: .seconds(1)), request: origin.request,
        session: origin.session)
    }
    guard error.isFinal else { return nil }
    return BrokerError(.disk, "the job store failed: \(error)", help: "check the disk, then start busd again")
  }

  /// A command was not carried out: what it was to bring about is still to come.
  private func takeBack(_ command: StoreCommand) {
    switch command {
    case .lease(let name): subscriptions.grantFailed(name)
    case .lose(let lost): for lease in lost { jobs.recall(lease.id, token: lease.token, now: thread.now) }
    case .finish(let results): for result in results { jobs.recall(result.id, token: result.token, now: thread.now) }
    default: break
    }
  }

  // MARK: Answers and the next moment

  func send(_ reply: Reply, to session: SessionID) {
    let process = processes[session]
    var reply = reply
    if !facts.redaction.isEmpty, process?.role == .tool, case .answer(let request, let answer) = reply {
      reply = .answer(request: request, facts.redaction.shown(answer))
    }
    turnLetters.append(Letter(reply, to: session, isPacked: process.map { $0.packedForm > 0 } ?? false))
  }

  func refuse(_ refusal: Refusal, request: UInt64?, session: SessionID) {
    counters.add(to: .requestsRefused)
    send(.refused(request: request, refusal), to: session)
  }

  private func answer(
    _ question: (session: SessionID, request: UInt64, about: String, parameters: JSONObject)
  ) {
    do {
      let waiter = WaitDesk.Waiter(session: question.session, request: question.request)
      if let answer = try self.answer(question.about, question.parameters, at: now(), waiter) {
        send(.answer(request: question.request, answer), to: question.session)
      }
    } catch let refusal as Refusal {
      refuse(refusal, request: question.request, session: question.session)
    } catch let error as ProtocolError {
      refuse(Refusal(error), request: question.request, session: question.session)
    } catch {
      refuse(Refusal(code: "store", message: "\(error)"), request: question.request, session: question.session)
    }
  }

  /// Sets the one timer to the first moment at which something becomes due by itself.
  private func plan() {
    if let timer { thread.cancel(timer) }
    var next = [jobs.nextExpiry, subscriptions.nextExpiry, nextPrune].compactMap(\.self).min() ?? nextPrune
    if let due = (try? store.nextDue()).flatMap({ $0 }) { next = min(next, moment(of: due)) }
    if let due = schedules.nextDue { next = min(next, moment(of: due)) }
    if let retry = announcements.retryAt { next = min(next, retry) }
    if let look = waits.nextLook { next = min(next, look) }
    if let look = inboxes.nextLook { next = min(next, look) }
    if announcements.wantsMore(now: thread.now), let due = (try? store.nextAnnouncement()).flatMap({ $0 }) {
      next = min(next, moment(of: due))
    }
    nextOpening = (try? store.nextOpening(after: now())).flatMap { $0 }
    if let nextOpening { next = min(next, thread.now + min(max(.zero, nextOpening - now()), StoreLoop.longestSleep)) }
    // What is due and was refused stays due: it is no reason to look again at once.
    if let retryAt { next = retryAt }
    timer = thread.schedule(at: next) { self.assumeIsolated { $0.turnByTimer() } }
  }

  /// When to look at what is due by the wall clock, which may jump: after a minute at the latest.
  private func moment(of due: Timestamp) -> ContinuousClock.Instant {
    thread.now + min(max(.zero, due - now()), StoreLoop.longestSleep)
  }
}
