internal import BusProtocol
internal import BusSigning
internal import Logging
internal import ZeroMQ

/// Follows topics from a place in the spool: live while nothing is missed, by reading while something is.
///
/// One consumer calls ``next()`` again and again. A consumer that is slow makes the follower stop listening and read
/// later.
actor Follow {
  nonisolated var unownedExecutor: UnownedSerialExecutor { link.unownedExecutor }

  private nonisolated let link: Link
  private let patterns: [TopicPattern]
  private let signers: Signers
  private let logger: Logger
  private var follower: LiveFollower
  /// Its number among those who follow live; nil before the first session.
  private var liveNumber: Int?
  private var deliveries: [RecordStretch] = []
  private var deliveredByteCount = 0
  private var waiter: CheckedContinuation<RecordStretch?, any Error>?
  private var failure: BusError?
  private var listener: Int?
  private var isEnded = false

  /// More than this waiting for the consumer, and the follower listens no more until it was taken.
  private static let maximumWaitingByteCount = 8 << 20
  private static let recordsPerRead = 20_000

  init(
    _ link: Link, patterns: [TopicPattern], after: Offset, signers: Signers = Signers(), logger: Logger
  ) {
    self.link = link
    self.signers = signers
    self.patterns = patterns
    self.logger = logger
    follower = LiveFollower(patterns: patterns, after: after)
  }

  /// The next stretch: events that were wanted, in order, and how far it goes. Throws when the log became another one.
  nonisolated func next() async throws -> EventStretch { try await nextRecords().events() }

  /// The same, its events not read yet.
  nonisolated func nextRecords() async throws -> RecordStretch {
    guard let stretch = try await take() else { throw CancellationError() }
    return stretch
  }

  private func take() async throws -> RecordStretch? {
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
    listener = link.assumeIsolated { $0.listen(toPushes: false) { event in self.assumeIsolated { $0.heard(event) } } }
    // Of a session that began before, the end of the log is long another one: reading tells, or the next mark would.
    if liveNumber != nil { perform(follower.wasSilent()) }
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
      deliveredByteCount -= delivery.byteCount
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
    listenLive(at: LivePlace.reachable(welcome.live, from: link.endpoint))
    perform(follower.sessionBegan(log: welcome.log, head: welcome.head))
  }

  private func listenLive(at place: String) {
    liveNumber = link.assumeIsolated { [liveNumber, patterns] link in
      if let liveNumber {
        link.live.move(to: place)
        return liveNumber
      }
      return link.live.add(
        LiveSocket.Follower(patterns: patterns) { message in
          self.assumeIsolated { $0.receive(message) }
        } wasSilent: {
          self.assumeIsolated { $0.perform($0.follower.wasSilent()) }
        }, at: place)
    }
    // Where nothing comes live busd tells who has read once when there is more.
    if place.isEmpty { perform(follower.wasSilent()) }
  }

  private func receive(_ message: LiveMessage) {
    do {
      switch message {
      case .events(let topic, let records): try follower.received(topic: topic, records: records)
      case .mark(let mark): perform(follower.received(mark))
      }
    } catch {
      logger.error("a live message was not understood", metadata: ["error": "\(error)"])
    }
  }

  // MARK: What follows

  private func perform(_ action: LiveFollower.Action?) {
    switch action {
    case nil: break
    case .deliver(let after, let through, let records, let missing):
      deliver(
        RecordStretch(after: after, through: through, records: records, missing: missing, signers: signers))
    case .read(let offset): read(after: offset)
    case .logChanged:
      failure = BusError(
        code: "log_changed", "busd has another spool than before: its offsets mean other events",
        help: "begin anew, or give busd its old directory back")
      handOver()
    }
  }

  private func deliver(_ delivery: RecordStretch) {
    deliveries.append(delivery)
    deliveredByteCount += delivery.byteCount
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
      link.assumeIsolated { [liveNumber] link in if let liveNumber { link.live.insist(liveNumber) } }
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
    link.assumeIsolated { [listener, liveNumber] link in
      if let listener { link.unlisten(listener) }
      if let liveNumber { link.live.remove(liveNumber) }
    }
    deliveries = []
    stopWaiting()
  }
}
