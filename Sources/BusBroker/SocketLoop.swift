internal import BusProtocol
internal import BusSpool
internal import Logging
internal import ZeroMQ

/// Owns every socket: moves messages between the wire and the loops, and keeps the sessions. No disk, no waiting.
actor SocketLoop {
  nonisolated let thread: any LoopThread
  nonisolated var unownedExecutor: UnownedSerialExecutor { thread.asUnownedSerialExecutor() }

  private let spool: SpoolLoop
  private let store: StoreLoop
  let readers: ReadLoop
  let facts: BrokerFacts
  let access: Access
  let counters: Counters
  let logger: Logger
  let sockets: any BrokerSockets
  private var isPaused = false
  var sessions = Sessions()
  private var spoolInbox = Inbox<SpoolItem>()
  private var storeInbox = Inbox<StoreItem>()
  private var heartbeat: Heartbeat
  private var nextBeat: TimerID?
  private var marks = MarkPace()
  private var isMarkPlanned = false
  private var isProbing = false
  /// Who could not be reached, until all is read that they said before.
  private var unreachable: Set<SessionID> = []
  /// Sessions that cannot listen live: whether each has read, and so wants to know when there is more.
  var deaf: [SessionID: Bool] = [:]
  var isTellingHead = false
  let failed: @Sendable (BrokerError) -> Void

  /// The most messages taken from one socket before the others get their turn.
  private static let messagesPerTurn = 256
  /// Broken connections within this time are looked for together, and so often is read on where some were found.
  private static let probeDelay: Duration = .milliseconds(50)

  init(
    sockets: sending any BrokerSockets, spool: SpoolLoop, store: StoreLoop, readers: ReadLoop, facts: BrokerFacts,
    access: Access, heartbeat: Heartbeat, thread: any LoopThread, counters: Counters, logger: Logger,
    failed: @escaping @Sendable (BrokerError) -> Void
  ) {
    self.sockets = sockets
    self.access = access
    self.spool = spool
    self.store = store
    self.readers = readers
    self.facts = facts
    self.heartbeat = heartbeat
    self.thread = thread
    self.counters = counters
    self.logger = logger
    self.failed = failed
  }

  /// Binds the endpoints, tries those that ask for keys, and begins to listen.
  func open() async throws {
    try bind()
    try await sockets.tryDoors()
    listen()
  }

  /// Binds the endpoints; nobody is served yet.
  func bind() throws {
    try sockets.bind()
    if mayOpenLive { try sockets.openLive() }
  }

  /// Begins to serve. What it calls does not hold it: else a bus that was closed would never leave the memory.
  func listen() {
    sockets.listen { [weak self] door in
      self?.assumeIsolated { $0.receive(from: door) }
    } disconnected: { [weak self] in
      self?.assumeIsolated { $0.probeSoon() }
    }
    store.start { [weak self] turn in
      guard let loop = self else { return }
      loop.thread.perform { loop.assumeIsolated { $0.finish(turn) } }
    }
    beat(in: Heartbeat.first)
  }

  /// Stops listening; what was taken in is still answered.
  func close() {
    if let mark = marks.close(now: thread.now) { publish(mark) }
    sockets.close()
  }

  // MARK: In

  private func receive(from door: BrokerDoor) {
    switch door {
    case .requests: receiveRequests()
    case .live: receiveSubscriptions()
    case .intake: receivePlain()
    }
  }

  private func receiveRequests() {
    for _ in 0..<SocketLoop.messagesPerTurn {
      do {
        guard let message = try sockets.receive(from: .requests) else {
          closeUnreachable()
          break
        }
        route(message)
      } catch {
        counters.add(to: .requestsRefused)
        logger.warning("a message was not taken", metadata: ["error": "\(error)"])
      }
    }
    passOn()
  }

  private func receivePlain() {
    for _ in 0..<SocketLoop.messagesPerTurn {
      do {
        guard let message = try sockets.receive(from: .intake) else { break }
        guard mayPublish(message) else { continue }
        spoolInbox.put(.plain(frames: message.frames), byteCount: byteCount(message.frames))
      } catch {
        counters.add(to: .intakeMalformed)
        logger.warning("a plain message was not taken", metadata: ["error": "\(error)"])
      }
    }
    passOn()
  }

  /// What listeners subscribe to is libzmq's business; the frames only have to be taken away.
  func receiveSubscriptions() {
    for _ in 0..<SocketLoop.messagesPerTurn {
      do {
        guard try sockets.receive(from: .live) != nil else { return }
      } catch {
        logger.debug("a subscription frame was not taken", metadata: ["error": "\(error)"])
      }
    }
  }

  /// First frame: the route; second: the verb. Only the verb is looked at here.
  private func route(_ whole: Multipart) {
    let frames = whole.frames
    guard frames.count >= 2 else { return }
    let route = frames[0]
    let message = Array(frames[1...])
    let verb = message[0]
    // At each message: a connection outlasts its key.
    guard let principal = access.principal(whole.principal, isKeyed: access.isKeyed(facts.endpoints.requests)) else {
      return turnAway(route, whole.principal)
    }
    if verb.elementsEqual("hello".utf8) { return greet(route, message, principal) }
    guard let session = sessions.session(route: route, of: principal)?.id else {
      let refusal = Refusal(code: "no_session", message: "busd does not know this connection", help: "say hello first")
      return send(Reply.refused(request: nil, refusal).frames, route: route, session: nil)
    }
    switch verb {
    case _ where verb.elementsEqual("carry".utf8) || verb.elementsEqual("publish".utf8):
      spoolInbox.put(.message(session, frames: message), byteCount: byteCount(message))
    case _ where verb.elementsEqual("read".utf8):
      if deaf[session] != nil { deaf[session] = true }
      readers.submit(message, from: session) { letter in
        self.thread.perform { self.assumeIsolated { $0.send(letter) } }
      }
    case _ where verb.elementsEqual("bye".utf8): close(session, saidGoodbye: true)
    default: storeInbox.put(.message(session, frames: message), byteCount: byteCount(message))
    }
  }

  private func greet(_ route: [UInt8], _ frames: [[UInt8]], _ principal: Name) {
    do {
      guard case .hello(let hello) = try Request(frames: frames) else { return }
      if let refusal = tooManySessions(route, principal) {
        return send(Reply.refused(request: nil, refusal).frames, route: route, session: nil)
      }
      let (session, isNew) = sessions.open(route: route, hello: hello, principal: principal)
      let place = livePlace(for: principal)
      if isNew {
        access.bind(session.id, to: principal)
        if place.isEmpty { deaf[session.id] = false }
        counters.add(to: .sessionsOpened)
        facts.sessions = sessions.count
      }
      storeInbox.put(.opened(session.id, hello), byteCount: 64)
      var welcome = Welcome(
        log: facts.log, head: readers.reader.durable, live: place, lease: facts.lease,
        wiring: hello.engine.flatMap { facts.wiring(of: $0) })
      welcome.payload = facts.payload
      if hello.role == .tool { welcome.redaction = facts.redaction }
      send(Reply.welcome(welcome).frames, route: route, session: session.id)
    } catch {
      send(Reply.refused(request: nil, Refusal(error)).frames, route: route, session: nil)
    }
  }

  private func byteCount(_ frames: [[UInt8]]) -> Int { frames.reduce(64) { $0 + $1.count } }

  /// Hands what gathered to the loops that are free, and stops reading while they are far behind.
  private func passOn() {
    if let batch = spoolInbox.take() {
      spool.submit(batch) { turn in
        self.thread.perform { self.assumeIsolated { $0.finish(turn) } }
      }
    }
    if let batch = storeInbox.take() { store.submit(batch) }
    let isBehind = spoolInbox.isFull || storeInbox.isFull
    guard isBehind != isPaused else { return }
    isPaused = isBehind
    sockets.setPaused(isBehind)
  }

  // MARK: Out

  private func finish(_ turn: SpoolTurn) {
    for message in turn.live {
      if case .mark(let mark) = message { gather(mark) } else { tell(message) }
    }
    if !turn.live.isEmpty { tellHeadSoon() }
    for letter in turn.letters { send(letter) }
    if !turn.published.isEmpty || !turn.unpublished.isEmpty {
      storeInbox.put(.published(turn.published, failed: turn.unpublished), byteCount: 64)
    }
    if let failure = turn.failure { failed(failure) }
    spoolInbox.finished()
    passOn()
  }

  private func finish(_ turn: StoreTurn) {
    for letter in turn.letters { send(letter) }
    for event in turn.events { spoolInbox.put(.announced(event), byteCount: event.data.count) }
    if let failure = turn.failure { failed(failure) }
    storeInbox.finished()
    passOn()
  }

  private func gather(_ mark: Mark) {
    if let mark = marks.take(mark, listeners: listenerCount, now: thread.now) { return publish(mark) }
    guard let deadline = marks.deadline, !isMarkPlanned else { return }
    isMarkPlanned = true
    _ = thread.schedule(at: deadline) {
      self.assumeIsolated { loop in
        loop.isMarkPlanned = false
        if let mark = loop.marks.due(listeners: loop.listenerCount, now: loop.thread.now) { loop.publish(mark) }
      }
    }
  }

  private var listenerCount: Int { sessions.count - deaf.count }

  private func publish(_ mark: Mark) {
    if let delay = heartbeat.published(mark) { beat(in: delay) }
    tell(.mark(mark))
  }

  private func tell(_ message: LiveMessage) {
    do {
      _ = try sockets.send(Multipart(message.frames), through: .live)
    } catch {
      // The spool is the truth: who listens sees the hole at the next mark and reads.
      logger.error("a live message was not sent", metadata: ["error": "\(error)"])
    }
  }

  private func send(_ letter: Letter) {
    guard let route = sessions.route(of: letter.session) else { return counters.add(to: .lettersUndelivered) }
    send(letter.frames, route: route, session: letter.session)
  }

  func send(_ frames: [[UInt8]], route: [UInt8], session: SessionID?) {
    do {
      switch try sockets.send(Multipart([route] + frames), through: .requests) {
      case .sent: counters.add(to: .letters)
      case .unroutable:
        counters.add(to: .lettersUndelivered)
        if let session { noteUnreachable(session) }
      case .wouldBlock:
        // The peer does not read. It asks again when it does; a job that it did not get comes back with its lease.
        counters.add(to: .lettersUndelivered)
      }
    } catch {
      counters.add(to: .lettersUndelivered)
      logger.error("an answer was not sent", metadata: ["error": "\(error)"])
    }
  }

  // MARK: Sessions

  func close(_ id: SessionID, saidGoodbye: Bool) {
    guard sessions.close(id) != nil else { return }
    access.release(id)
    deaf[id] = nil
    counters.add(to: .sessionsClosed)
    facts.sessions = sessions.count
    storeInbox.put(.closed(id, saidGoodbye: saidGoodbye), byteCount: 64)
    passOn()
  }

  /// Its connection is gone; its goodbye may still wait to be read, and says that nothing was lost.
  private func noteUnreachable(_ session: SessionID) {
    guard unreachable.insert(session).inserted, unreachable.count == 1 else { return }
    readOn(at: thread.now)
  }

  private func readOn(at moment: ContinuousClock.Instant) {
    _ = thread.schedule(at: moment) {
      self.assumeIsolated { loop in
        if !loop.isPaused { loop.receiveRequests() }
        if !loop.unreachable.isEmpty { loop.readOn(at: loop.thread.now + SocketLoop.probeDelay) }
      }
    }
  }

  private func closeUnreachable() {
    let gone = unreachable
    unreachable = []
    for session in gone.sorted() { close(session, saidGoodbye: false) }
  }

  private func probeSoon() {
    guard !isProbing else { return }
    isProbing = true
    _ = thread.schedule(at: thread.now + SocketLoop.probeDelay) { self.assumeIsolated { $0.probe() } }
  }

  /// A connection broke, and the socket does not say whose: who cannot be reached any more is the one.
  private func probe() {
    isProbing = false
    let ping = Reply.ping.frames
    for session in sessions.all { send(ping, route: session.route, session: session.id) }
  }

  private func beat(in delay: Duration) {
    if let nextBeat { thread.cancel(nextBeat) }
    nextBeat = thread.schedule(at: thread.now + delay) {
      self.assumeIsolated { loop in
        loop.tell(loop.heartbeat.message)
        loop.beat(in: loop.heartbeat.sent())
      }
    }
  }
}
