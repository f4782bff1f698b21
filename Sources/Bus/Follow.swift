internal import BusProtocol
internal import Logging
internal import ZeroMQ

/// Follows topics from a place in the spool: live while nothing is missed, by reading while something is.
///
/// One consumer calls ``next()`` again and again. A consumer that is slow makes the follower stop listening and read
/// later.
actor Follow {
  nonisolated var unownedExecutor: UnownedSerialExecutor { link.unownedExecutor }

  /// A stretch that waits for the consumer, its records not looked at yet.
  private struct Delivery {
    var after: Offset
    var through: Offset
    var records: [[UInt8]]
    var missing: ClosedRange<UInt64>?
  }

  private nonisolated let link: Link
  private let patterns: [TopicPattern]
  private let logger: Logger
  private var follower: LiveFollower
  /// Where the live events are; nil before the first session.
  private var endpoint: String?
  private var live: Live?
  private var deliveries: [Delivery] = []
  private var deliveredByteCount = 0
  private var waiter: CheckedContinuation<Delivery?, any Error>?
  private var failure: BusError?
  private var listener: Int?
  private var silence: TimerID?
  private var isEnded = false

  private final class Live {
    let socket: Socket
    var watch: WatchID?
    init(_ socket: consuming Socket) { self.socket = socket }
  }

  /// More than this waiting for the consumer, and the follower listens no more until it was taken.
  private static let maximumWaitingByteCount = 8 << 20
  private static let messagesPerTurn = 256
  private static let recordsPerRead = 20_000
  /// busd says something each second; longer silence means that the connection is dead without saying so.
  private static let longestSilence: Duration = .seconds(5)

  init(_ link: Link, patterns: [TopicPattern], after: Offset, logger: Logger) {
    self.link = link
    self.patterns = patterns
    self.logger = logger
    follower = LiveFollower(patterns: patterns, after: after)
  }

  /// The next stretch: events that were wanted, in order, and how far it goes. Throws when the log became another one.
  nonisolated func next() async throws -> EventStretch {
    guard let delivery = try await take() else { throw CancellationError() }
    var events: [Event] = []
    for records in delivery.records {
      for event in try Record.events(records) where event.offset > delivery.after && event.offset <= delivery.through {
        events.append(event)
      }
    }
    return EventStretch(
      after: delivery.after, through: delivery.through, events: events, missing: delivery.missing)
  }

  private func take() async throws -> Delivery? {
    listen()
    return try await withTaskCancellationHandler {
      try await withCheckedThrowingContinuation { continuation in
        waiter?.resume(returning: nil)
        waiter = continuation
        handOver()
      }
    } onCancel: {
      link.thread.perform { self.assumeIsolated { $0.stopWaiting() } }
    }
  }

  /// Without a hop: what begins to listen is what ``close()`` ends.
  private func listen() {
    guard listener == nil, !isEnded else { return }
    listener = link.assumeIsolated { $0.listen { event in self.assumeIsolated { $0.heard(event) } } }
    // Of a session that began before, the end of the log is long another one: reading tells, or the next mark would.
    if endpoint != nil { perform(follower.wasSilent()) }
  }

  private func stopWaiting() {
    waiter?.resume(returning: nil)
    waiter = nil
  }

  private func handOver() {
    guard let waiter else { return }
    if isEnded || Task.isCancelled {
      waiter.resume(returning: nil)
    } else if !deliveries.isEmpty {
      let delivery = deliveries.removeFirst()
      deliveredByteCount -= delivery.records.reduce(0) { $0 + $1.count }
      waiter.resume(returning: delivery)
    } else if let failure {
      waiter.resume(throwing: failure)
    } else {
      return
    }
    self.waiter = nil
    perform(follower.hold(deliveredByteCount > Follow.maximumWaitingByteCount))
  }

  // MARK: What comes

  private func heard(_ event: LinkEvent) {
    guard !isEnded else { return }
    if case .pushed(.head(let head)) = event { return perform(follower.headMoved(to: head)) }
    guard case .up(let welcome) = event else { return }
    let place = LivePlace.reachable(welcome.live, from: link.endpoint)
    if endpoint != place || place.isEmpty {
      endpoint = place
      connect(to: place)
    }
    perform(follower.sessionBegan(log: welcome.log, head: welcome.head))
  }

  private func connect(to endpoint: String) {
    disconnect()
    // Where there is none busd tells who has read once when there is more.
    guard !endpoint.isEmpty else {
      expectSign()
      return perform(follower.wasSilent())
    }
    do {
      let live = Live(
        try Socket(.sub, in: link.context, options: BusKeys.options(.clientEvents, at: endpoint, link.keys)))
      try live.socket.subscribe(LiveMessage.markTopic)
      for prefix in Set(patterns.map(\.literalPrefix)) { try live.socket.subscribe(prefix) }
      try live.socket.connect(endpoint)
      live.watch = link.thread.watch(live.socket) { self.assumeIsolated { $0.receive() } }
      self.live = live
    } catch {
      logger.error("live events cannot be had", metadata: ["endpoint": "\(endpoint)", "error": "\(error)"])
    }
    expectSign()
  }

  private func disconnect() {
    if let watch = live?.watch { link.thread.unwatch(watch) }
    live = nil
    if let silence { link.thread.cancel(silence) }
    silence = nil
  }

  private func expectSign() {
    if let silence { link.thread.cancel(silence) }
    silence = link.thread.schedule(at: .now + Follow.longestSilence) {
      self.assumeIsolated { $0.wasSilent() }
    }
  }

  /// Tries the live path anew, and reads meanwhile: events come, if slowly, also where it stays shut.
  private func wasSilent() {
    silence = nil
    guard !isEnded, let endpoint else { return }
    connect(to: endpoint)
    perform(follower.wasSilent())
  }

  private func receive() {
    var heardMark = false
    for _ in 0..<Follow.messagesPerTurn {
      do {
        guard let message = try live?.socket.receive() else { break }
        switch try LiveMessage(frames: message.frames) {
        case .events(let topic, let records): try follower.received(topic: topic, records: records)
        case .mark(let mark):
          heardMark = true
          perform(follower.received(mark))
        }
      } catch {
        logger.error("a live message was not understood", metadata: ["error": "\(error)"])
      }
    }
    if heardMark { expectSign() }
  }

  // MARK: What follows

  private func perform(_ action: LiveFollower.Action?) {
    switch action {
    case nil: break
    case .deliver(let after, let through, let records, let missing):
      deliver(Delivery(after: after, through: through, records: records, missing: missing))
    case .read(let offset): read(after: offset)
    case .logChanged:
      failure = BusError(
        code: "log_changed", "busd has another spool than before: its offsets mean other events",
        help: "begin anew, or give busd its old directory back")
      handOver()
    }
  }

  private func deliver(_ delivery: Delivery) {
    deliveries.append(delivery)
    deliveredByteCount += delivery.records.reduce(0) { $0 + $1.count }
    if deliveredByteCount > Follow.maximumWaitingByteCount { perform(follower.hold(true)) }
    handOver()
  }

  private func read(after offset: Offset) {
    let patterns = patterns
    link.assumeIsolated { link in
      _ = link.ask(
        { .read(request: $0, after: offset, patterns: patterns, limit: Follow.recordsPerRead) }, deadline: nil
      ) { result in self.assumeIsolated { $0.answered(result) } }
    }
  }

  private func answered(_ result: Result<Reply, BusError>) {
    guard case .success(.events(_, let chunk)) = result else {
      follower.readFailed()
      if case .success(.refused(_, let refusal)) = result {
        logger.error("events could not be read", metadata: ["error": "\(refusal)"])
      }
      return
    }
    for action in follower.answered(chunk) { perform(action) }
  }

  /// Ends it; who waits gets nothing more.
  nonisolated func end() {
    link.thread.perform { self.assumeIsolated { $0.close() } }
  }

  private func close() {
    isEnded = true
    let id = listener
    link.assumeIsolated { link in if let id { link.unlisten(id) } }
    disconnect()
    deliveries = []
    stopWaiting()
  }
}
