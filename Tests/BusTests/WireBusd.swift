import BusProtocol
import ZeroMQ

@testable import Bus

/// As much of busd as a client sees over its sockets: sessions, a log in memory, live events with marks, reads.
///
/// It refuses, forgets and loses what a test wants, and may be stopped and started again at the same place.
actor WireBusd {
  struct State {
    var log = LogID(high: 1, low: 1)
    var events: [Event] = []
    var sequences: [PublisherID: UInt64] = [:]
    var sessions: Set<[UInt8]> = []
    var helloCount = 0
    var byeCount = 0
    var carryCount = 0
    var readCount = 0
    /// The next carries get these.
    var refusals: [Refusal] = []
    /// Whether requests are heard and not answered.
    var isMute = false
    /// Live messages that are lost; asked for each.
    var loses: @Sendable (LiveMessage) -> Bool = { _ in false }
    var firstKept: UInt64 = 1
    var waiters: [(id: Int, isThere: @Sendable (State) -> Bool, continuation: CheckedContinuation<Bool, Never>)] = []
    var lastWaiter = 0
  }

  /// Its sockets: an end of the process is the end of them.
  private final class Sockets {
    let requests: Socket
    let live: Socket
    init(_ requests: consuming Socket, _ live: consuming Socket) {
      self.requests = requests
      self.live = live
    }
  }

  nonisolated var unownedExecutor: UnownedSerialExecutor { thread.asUnownedSerialExecutor() }
  nonisolated let directory: TemporaryDirectory
  private nonisolated let thread: SocketThread
  private let context: Context
  private var state = State()
  private var sockets: Sockets?

  init(_ directory: TemporaryDirectory) throws {
    self.directory = directory
    thread = try SocketThread(name: "wire-busd")
    context = try Context()
  }

  nonisolated var endpoint: String { "ipc://\(directory.path)/requests" }
  private nonisolated var liveEndpoint: String { "ipc://\(directory.path)/live" }

  // MARK: What a test does

  /// Binds its sockets and answers from now on.
  func start() throws {
    let requests = try Socket(.router, in: context, options: .brokerRequests)
    let live = try Socket(.xpub, in: context, options: .brokerFanOut)
    try requests.bind(endpoint)
    try live.bind(liveEndpoint)
    let sockets = Sockets(requests, live)
    _ = thread.watch(sockets.requests) { self.assumeIsolated { $0.receive() } }
    self.sockets = sockets
    beat()
  }

  /// Ends as a process does: the sockets go, the sessions with them, the log stays.
  func stop() {
    sockets = nil
    state.sessions = []
  }

  /// The end of the test.
  func end() {
    stop()
    thread.stop()
  }

  /// Looks at what it knows, or changes it.
  func with<R: Sendable>(_ body: @Sendable (inout State) -> R) -> R {
    defer { wake() }
    return body(&state)
  }

  /// Puts events into the log as from elsewhere, and sends them live as one batch.
  func publish(_ topics: [Topic]) {
    let first = UInt64(state.events.count) + 1
    let new = topics.enumerated().map { event($1, ["n": .unsigned(first + UInt64($0))], offset: first + UInt64($0)) }
    state.events += new
    fanOut(new)
    wake()
  }

  /// Waits until the condition holds; false when it does not within the time.
  func until(within limit: Duration = .seconds(20), _ isThere: @escaping @Sendable (State) -> Bool) async -> Bool {
    if isThere(state) { return true }
    state.lastWaiter += 1
    let id = state.lastWaiter
    return await withCheckedContinuation { continuation in
      state.waiters.append((id, isThere, continuation))
      _ = thread.schedule(at: .now + limit) { self.assumeIsolated { $0.giveUp(id) } }
    }
  }

  private func wake() {
    let state = state
    for waiter in state.waiters where waiter.isThere(state) {
      waiter.continuation.resume(returning: true)
      self.state.waiters.removeAll { $0.id == waiter.id }
    }
  }

  private func giveUp(_ id: Int) {
    let late = state.waiters.filter { $0.id == id }
    state.waiters.removeAll { $0.id == id }
    for waiter in late { waiter.continuation.resume(returning: false) }
  }

  // MARK: What a client says

  private func receive() {
    for _ in 0..<256 {
      guard let message = try? sockets?.requests.receive() else { break }
      let route = message.frames[0]
      guard let request = try? Request(frames: Array(message.frames.dropFirst())) else { continue }
      let (replies, new) = take(request, from: route, &state)
      for reply in replies { _ = try? sockets?.requests.send(Multipart([route] + reply.frames)) }
      fanOut(new)
    }
    wake()
  }

  private func take(_ request: Request, from route: [UInt8], _ state: inout State) -> ([Reply], [Event]) {
    if state.isMute { return ([], []) }
    let head = Offset(UInt64(state.events.count))
    if case .hello = request {
      state.helloCount += 1
      state.sessions.insert(route)
      return ([.welcome(Welcome(log: state.log, head: head, live: liveEndpoint, lease: .seconds(15)))], [])
    }
    guard state.sessions.contains(route) else {
      return ([.refused(request: nil, Refusal(code: "no_session", message: "say hello first"))], [])
    }
    switch request {
    case .carry(let number, _, let oldest, let records):
      state.carryCount += 1
      return carry(number, oldest: oldest, records, &state)
    case .read(let number, let after, let patterns, let limit):
      state.readCount += 1
      return ([.events(request: number, chunk: read(after: after, patterns, limit: limit, state))], [])
    case .ask(let number, _, _): return ([.answer(request: number, ["head": .unsigned(head.rawValue)])], [])
    case .enqueue(let number, let jobs):
      return ([.enqueued(request: number, outcomes: jobs.map { .enqueued($0.id) })], [])
    case .bye:
      state.byeCount += 1
      state.sessions.remove(route)
      return ([], [])
    default: return ([], [])
    }
  }

  private func carry(
    _ number: UInt64, oldest: UInt64, _ records: [UInt8], _ state: inout State
  ) -> ([Reply], [Event]) {
    if !state.refusals.isEmpty { return ([.refused(request: number, state.refusals.removeFirst())], []) }
    guard let carried = try? Record.events(records), let first = carried.first, let last = carried.last else {
      return ([.refused(request: number, Refusal(code: "bad_record", message: ""))], [])
    }
    let known = state.sequences[first.publisher]
    if let known, first.publisherSequence > known + 1, first.publisherSequence != oldest {
      return ([.refused(request: number, Refusal(code: "gap", message: "", expected: known + 1))], [])
    }
    var new: [Event] = []
    for var event in carried where event.publisherSequence > known ?? 0 {
      event.offset = Offset(UInt64(state.events.count + new.count) + 1)
      new.append(event)
    }
    state.events += new
    state.sequences[first.publisher] = max(known ?? 0, last.publisherSequence)
    let head = Offset(UInt64(state.events.count))
    return ([.carried(request: number, through: last.publisherSequence, head: head)], new)
  }

  private func read(after: Offset, _ patterns: [TopicPattern], limit: Int, _ state: State) -> EventsChunk {
    let head = UInt64(state.events.count)
    let from = max(after.rawValue, state.firstKept - 1)
    let range = state.events.dropFirst(Int(from)).prefix(limit)
    var records: [UInt8] = []
    for event in range where patterns.contains(where: { $0.matches(event.topic) }) {
      _ = try? Record.append(event, to: &records)
    }
    return EventsChunk(
      through: Offset(from + UInt64(range.count)), head: Offset(head),
      missing: from > after.rawValue ? after.rawValue + 1...from : nil, records: records)
  }

  // MARK: Live

  private func fanOut(_ events: [Event]) {
    guard let first = events.first, let last = events.last else { return }
    var counts: [String: Int] = [:]
    for event in events {
      counts[event.topic.text, default: 0] += 1
      var records: [UInt8] = []
      _ = try? Record.append(event, to: &records)
      send(.events(topic: Array(event.topic.text.utf8), records: records))
    }
    send(.mark(Mark(log: state.log, after: Offset(first.offset.rawValue - 1), through: last.offset, counts: counts)))
  }

  private func send(_ message: LiveMessage) {
    guard !state.loses(message) else { return }
    _ = try? sockets?.live.send(Multipart(message.frames))
  }

  private func beat() {
    guard sockets != nil else { return }
    let head = Offset(UInt64(state.events.count))
    send(.mark(Mark(log: state.log, after: head, through: head, counts: [:])))
    _ = thread.schedule(at: .now + .milliseconds(50)) { self.assumeIsolated { $0.beat() } }
  }
}
