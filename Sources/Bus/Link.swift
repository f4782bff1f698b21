internal import BusProtocol
internal import Logging
internal import ZeroMQ

/// What a listener of the link is told, on the link's thread.
enum LinkEvent: Sendable {
  /// A session began, the first or another.
  case up(Welcome)
  /// The session is gone.
  case down
  /// busd pushed something.
  case pushed(Reply)
}

/// The connection to busd: one socket for requests on a thread of its own. It comes back for ever.
actor Link {
  /// What becomes of a request; called on the link's thread.
  typealias Answer = @Sendable (Result<Reply, BusError>) -> Void

  nonisolated let thread: SocketThread
  nonisolated var unownedExecutor: UnownedSerialExecutor { thread.asUnownedSerialExecutor() }
  nonisolated let context: Context

  nonisolated let endpoint: String
  nonisolated let keys: BusKeys?
  /// What comes live, for all who follow over this link.
  let live: LiveSocket
  private let logger: Logger
  private let random: @Sendable () -> UInt64
  private var talk: Conversation<Answer>
  private var connection: Connection?
  /// Who waits until busd has read the goodbye.
  private var farewell: CheckedContinuation<Void, Never>?
  /// What an earlier socket's monitor still has to say is about that one.
  private var connectionNumber = 0
  private var welcome: Welcome?
  private var listeners: [Int: @Sendable (LinkEvent) -> Void] = [:]
  /// Those of whom there may be thousands: what is pushed is not for them.
  private var sessionListeners: [Int: @Sendable (LinkEvent) -> Void] = [:]
  private var lastListener = 0
  /// What the socket had no room for; goes before anything else. Bounded: requests are bounded by who asks.
  private var unsent: [[[UInt8]]] = []
  private var timer: (id: TimerID, at: ContinuousClock.Instant)?
  /// The next socket, when there is none.
  private var reconnection: TimerID?
  private var isEnded = false
  /// Why busd does not let this process in; nil before it has been refused, and when it is in.
  private(set) var refusedFor: AdmissionRefusal?
  private var hasShakenHands = false

  /// A socket that is connected, or tries to be, with what watches it. A class, so that it can be replaced whole.
  private final class Connection {
    let socket: Socket
    var monitor: SocketMonitor?
    var watch: WatchID?
    init(_ socket: consuming Socket) { self.socket = socket }
  }

  private static let messagesPerTurn = 256
  private static let sendingRetry: Duration = .milliseconds(5)
  /// The most messages that wait for room in the socket; beyond, they count as lost and are asked again.
  private static let maximumUnsent = 10_000

  init(
    endpoint: String, hello: Hello, keys: BusKeys? = nil, logger: Logger,
    random: @escaping @Sendable () -> UInt64
  ) throws(ZeroMQError) {
    thread = try SocketThread(name: "bus-link")
    context = try Context()
    self.endpoint = endpoint
    self.keys = keys
    live = LiveSocket(context, on: thread, keys: keys, logger: logger)
    self.logger = logger
    self.random = random
    talk = Conversation(hello: hello)
  }

  /// Begins to connect.
  nonisolated func start() { onThread { $0.connect() } }

  /// Runs the body on the link's thread, after what was asked for before.
  nonisolated func onThread(_ body: @escaping @Sendable (isolated Link) -> Void) {
    thread.perform { self.assumeIsolated { body($0) } }
  }

  // MARK: Asking

  /// Asks busd until it answers or the deadline passes; without a deadline for ever.
  nonisolated func ask(
    deadline: ContinuousClock.Instant? = nil, _ make: @escaping @Sendable (UInt64) -> Request,
    answer: @escaping Answer
  ) {
    onThread { link in _ = link.ask(make, deadline: deadline, answer: answer) }
  }

  /// The same on the link's thread; returns the request's number, nil when it was answered at once.
  func ask(_ make: (UInt64) -> Request, deadline: ContinuousClock.Instant?, answer: @escaping Answer) -> UInt64? {
    guard !isEnded else {
      answer(.failure(Link.ended))
      return nil
    }
    let (number, actions) = talk.ask(make, deadline: deadline, now: .now, answer: answer)
    perform(actions)
    plan()
    return number
  }

  /// Asks busd and waits for the answer; a refusal is thrown, and `cancelled` when the task is: busd may do it or not.
  nonisolated func request(
    timeout: Duration, _ make: @escaping @Sendable (UInt64) -> Request
  ) async throws(BusError) -> Reply {
    let ticket = RequestTicket()
    let deadline = ContinuousClock.now + timeout
    let result: Result<Reply, BusError> = await withTaskCancellationHandler {
      await withCheckedContinuation { continuation in
        onThread { link in
          ticket.take { link.ask(make, deadline: deadline) { continuation.resume(returning: $0) } }
            ?? continuation.resume(returning: .failure(Link.cancelled))
        }
      }
    } onCancel: {
      onThread { link in
        guard let number = ticket.withdraw() else { return }
        link.talk.withdraw(number)?(.failure(Link.cancelled))
      }
    }
    switch try result.get() {
    case .refused(_, let refusal): throw BusError(refusal)
    case let reply: return reply
    }
  }

  /// Says what has no answer to wait for; dropped while there is no session, since the next one begins anew.
  nonisolated func say(_ request: Request) {
    let frames = request.frames
    onThread { link in if link.talk.isTogether { link.send(frames) } }
  }

  /// Tells the closure what happens, on this thread; at once, if a session is there.
  ///
  /// One that does not listen to pushes hears of sessions, and how far busd is where nothing comes live.
  func listen(toPushes: Bool = true, _ listener: @escaping @Sendable (LinkEvent) -> Void) -> Int {
    lastListener += 1
    if toPushes { listeners[lastListener] = listener } else { sessionListeners[lastListener] = listener }
    if talk.isTogether, let welcome { listener(.up(welcome)) }
    return lastListener
  }

  func unlisten(_ id: Int) {
    listeners[id] = nil
    sessionListeners[id] = nil
  }

  private func tell(_ event: LinkEvent) {
    for listener in listeners.sorted(by: { $0.key < $1.key }) { listener.value(event) }
    switch event {
    case .pushed(.head), .up, .down:
      for listener in sessionListeners.sorted(by: { $0.key < $1.key }) { listener.value(event) }
    case .pushed: break
    }
  }

  // MARK: The socket

  private func connect() {
    reconnection = nil
    guard !isEnded else { return }
    disconnect()
    let number = connectionNumber
    do {
      let connection = Connection(
        try Socket(.dealer, in: context, options: BusKeys.options(.clientRequests, at: endpoint, keys)))
      connection.monitor = try connection.socket.monitor(on: thread) { event in
        self.assumeIsolated { link in if link.connectionNumber == number { link.observe(event) } }
      }
      connection.watch = thread.watch(connection.socket) { self.assumeIsolated { $0.receive() } }
      self.connection = connection
      try connection.socket.connect(endpoint)
    } catch {
      logger.error("the bus cannot be reached", metadata: ["endpoint": "\(endpoint)", "error": "\(error)"])
      reconnect()
    }
  }

  private func disconnect() {
    if let watch = connection?.watch { thread.unwatch(watch) }
    connection?.monitor = nil
    connection = nil
    connectionNumber += 1
    unsent = []
  }

  private func observe(_ event: SocketMonitor.Event) {
    guard !isLeaving else {
      if case .disconnected = event { hangUp() }
      return
    }
    switch event {
    case .connected: hasShakenHands = false
    case .handshakeSucceeded:
      hasShakenHands = true
      perform(talk.connected(now: .now))
      plan()
    case .disconnected:
      if !hasShakenHands, keys != nil { note(.closed) }
      talk.disconnected()
      unsent = []
      tell(.down)
    case .handshakeFailed:
      note(keys == nil ? .asksForKey : .otherServer)
      reconnect()
    case .authenticationFailed:
      note(.unknownKey)
      reconnect()
    default: break
    }
  }

  /// Says once why it is not let in, however often it tries.
  private func note(_ reason: AdmissionRefusal) {
    guard refusedFor != reason else { return }
    refusedFor = reason
    logger.error(
      "the bus does not let this process in",
      metadata: ["endpoint": "\(endpoint)", "why": "\(reason.why)", "help": "\(reason.help)"])
  }

  /// Why busd does not let this process in, as an error; nil where that is not so.
  var notAdmitted: BusError? { refusedFor.map { $0.error(at: endpoint) } }

  /// A new socket after a pause.
  private func reconnect() {
    let hadSession = talk.isTogether
    disconnect()
    let pause = talk.failed(chance: Double(random() >> 11) / Double(1 << 53))
    if reconnection == nil {
      reconnection = thread.schedule(at: .now + pause) { self.assumeIsolated { $0.connect() } }
    }
    if hadSession { tell(.down) }
  }

  private func receive() {
    for _ in 0..<Link.messagesPerTurn {
      do {
        guard let message = try connection?.socket.receive() else { return }
        take(try Reply(frames: message.frames))
      } catch {
        logger.error("an answer of the bus was not understood", metadata: ["error": "\(error)"])
      }
    }
  }

  private func take(_ reply: Reply) {
    if isLeaving {
      if case .refused(nil, let refusal) = reply, refusal.code == "no_session" { hangUp() }
      return
    }
    switch reply {
    case .welcome(let welcome):
      self.welcome = welcome
      refusedFor = nil
      let resent = talk.welcomed(packedForm: welcome.packedForm, now: .now)
      tell(.up(welcome))
      perform(resent)
    case .refused(nil, let refusal) where refusal.code == "no_session": perform(talk.noSession(now: .now))
    case .refused(nil, let refusal) where refusal.code == "unknown_key":
      note(.unknownKey)
      reconnect()
    case .refused(nil, let refusal):
      logger.error("the bus refused a message", metadata: ["error": "\(refusal)"])
    case .ping: break
    case .granted, .jobs, .beaten, .cancel, .head: tell(.pushed(reply))
    default: if let number = reply.request { talk.answered(number, now: .now)?(.success(reply)) }
    }
    plan()
  }

  // MARK: Sending and time

  private func perform(_ actions: [Conversation<Answer>.Action]) {
    for action in actions {
      switch action {
      case .send(let frames): send(frames)
      case .reconnect: reconnect()
      }
    }
  }

  private func send(_ frames: [[UInt8]]) {
    guard unsent.isEmpty, transmit(frames) else {
      if unsent.count < Link.maximumUnsent { unsent.append(frames) }
      return plan()
    }
  }

  private func transmit(_ frames: [[UInt8]]) -> Bool {
    do { return try connection?.socket.send(Multipart(frames)) == .sent } catch {
      logger.error("a message to the bus was not sent", metadata: ["error": "\(error)"])
      return true
    }
  }

  private func tick() {
    timer = nil
    while let next = unsent.first, transmit(next) { unsent.removeFirst() }
    let (expired, actions) = talk.tick(now: .now)
    for answer in expired { answer(.failure(unanswered)) }
    perform(actions)
    plan()
  }

  private var unanswered: BusError {
    if let error = notAdmitted, !talk.isTogether { return error }
    return talk.isTogether
      ? BusError(code: "timeout", "busd at \(endpoint) did not answer in time", help: "look at busd: bus queues")
      : BusError(
        code: "unreachable", "cannot reach busd at \(endpoint)", help: "start one with busd, or with bus dev")
  }

  /// One timer for the first moment at which something is due.
  private func plan() {
    var next = talk.lookAgainAt
    if !unsent.isEmpty { next = min(next ?? .now + Link.sendingRetry, .now + Link.sendingRetry) }
    guard let next else { return }
    if let timer {
      if timer.at <= next { return }
      thread.cancel(timer.id)
    }
    timer = (thread.schedule(at: next) { self.assumeIsolated { $0.tick() } }, next)
  }

  // MARK: The end

  /// So long the end waits for busd to have read the goodbye.
  private static let farewellPatience: Duration = .milliseconds(500)

  private static var cancelled: BusError {
    BusError(code: "cancelled", "nobody waits any more for busd's answer", help: "busd may have done what was asked")
  }

  private static var ended: BusError { BusError(code: "stopped", "the client of the bus has stopped") }

  /// Says goodbye and ends the thread; what was asked is answered with an error.
  nonisolated func stop() {
    onThread { link in
      _ = link.leave()
      link.hangUp()
    }
  }

  /// The same, and returns once busd has read the goodbye, or does not say so in time: a process that is gone before it was
  /// sent takes it back, and jobs on their way to it would count as attempts.
  nonisolated func end() async {
    await withCheckedContinuation { continuation in
      onThread { link in
        guard link.leave() else {
          link.hangUp()
          return continuation.resume()
        }
        link.farewell = continuation
        // busd has no session any more of who said goodbye, and answers so.
        link.send(Request.beat(jobs: [], subscriptions: []).frames)
        _ = link.thread.schedule(at: .now + Link.farewellPatience) { link.assumeIsolated { $0.hangUp() } }
      }
    }
  }

  /// Whether a goodbye was said.
  private func leave() -> Bool {
    guard !isEnded else { return false }
    isEnded = true
    let isTogether = talk.isTogether
    if isTogether { send(Request.bye.frames) }
    for answer in talk.end() { answer(.failure(Link.ended)) }
    tell(.down)
    listeners = [:]
    sessionListeners = [:]
    live.end()
    return isTogether
  }

  private func hangUp() {
    disconnect()
    thread.stop()
    farewell?.resume()
    farewell = nil
  }

  /// Whether only busd's word is waited for that it has read the goodbye.
  private var isLeaving: Bool { farewell != nil }
}
