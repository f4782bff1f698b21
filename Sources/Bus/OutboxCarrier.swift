internal import BusProtocol
internal import BusSpool
internal import Logging
internal import Synchronization
internal import ZeroMQ

/// Carries one outbox to busd: what ``Carrier`` decides, over the link, on the link's thread.
actor OutboxCarrier {
  /// How waiting for busd's disk ended.
  enum Outcome {
    /// busd has the event on disk.
    case stored
    /// The deadline passed.
    case late
    /// The waiting task was cancelled.
    case cancelled
    /// The client stopped: the next process of the service carries the event.
    case stopped
    /// This process may not publish it: it was set aside.
    case denied(BusError)
  }

  private struct Waiter {
    var sequence: Offset
    var deadline: TimerID
    var answer: CheckedContinuation<Outcome, Never>
  }

  nonisolated var unownedExecutor: UnownedSerialExecutor { link.unownedExecutor }

  nonisolated let outbox: Outbox
  private nonisolated let link: Link
  private let logger: Logger
  /// Called on the link's thread whenever busd has all of the outbox.
  private let whenEmpty: (@Sendable () -> Void)?
  private var carrier: Carrier
  private var resumption: TimerID?
  private var waiting: [UInt64: Waiter] = [:]
  private var isEnded = false
  /// What was set aside of late, for who asks afterwards.
  private var denied: [Offset: BusError] = [:]
  private static let maximumDenied = 10_000
  /// Whether a wake-up is on its way: a burst of publications makes one.
  private nonisolated let isWoken = Atomic(false)
  private nonisolated let lastWaiter = Atomic<UInt64>(0)

  init(_ outbox: Outbox, link: Link, logger: Logger, whenEmpty: (@Sendable () -> Void)? = nil) {
    self.outbox = outbox
    self.link = link
    self.logger = logger
    self.whenEmpty = whenEmpty
    carrier = Carrier(acknowledged: outbox.acknowledged)
  }

  /// Something was published. Costs an atomic exchange while the carrier is at it, or waits for busd.
  nonisolated func wake() {
    guard !isWoken.exchange(true, ordering: .sequentiallyConsistent) else { return }
    link.thread.perform { self.assumeIsolated { $0.carry() } }
  }

  // MARK: Carrying

  private func carry() {
    guard !isEnded else { return }
    // Before the look at the outbox: what is published behind that look wakes again.
    isWoken.store(false, ordering: .sequentiallyConsistent)
    do {
      while carrier.wantsToSend(head: outbox.head, now: .now) {
        let chunk = try outbox.reader.read(
          after: carrier.sent, maximumByteCount: Carrier.maximumByteCount,
          maximumCount: Carrier.maximumRecordCount
        ) { _ in true }
        guard chunk.count > 0 else { break }
        send(chunk)
      }
    } catch {
      logger.error("the outbox cannot be read", metadata: ["directory": "\(outbox.directory)", "error": "\(error)"])
    }
    // The answer, or the end of the pause, comes here anyway: until then nobody needs to wake.
    if carrier.isBlocked { isWoken.store(true, ordering: .relaxed) }
    resumeLater()
  }

  private func send(_ chunk: SpoolChunk) {
    carrier.didSend(through: chunk.through)
    let (generation, publisher, records) = (carrier.generation, outbox.publisher, chunk.bytes)
    let oldest = max(chunk.first.rawValue, 1)
    link.assumeIsolated { link in
      _ = link.ask(
        { .carry(request: $0, publisher: publisher, oldest: oldest, records: records) }, deadline: nil
      ) { result in self.assumeIsolated { $0.answered(result, generation: generation) } }
    }
  }

  private func answered(_ result: Result<Reply, BusError>, generation: Int) {
    guard !isEnded else { return }
    switch result {
    case .success(.carried(_, let through, _)):
      if carrier.carried(through: Offset(through), generation: generation, now: .now) { forget() }
    case .success(.refused(_, let refusal)) where !refusal.denied.isEmpty: setAside(refusal, generation: generation)
    case .success(.refused(_, let refusal)): refused(refusal, generation: generation)
    case .success: refused(Refusal(code: "protocol", message: "busd answered something else"), generation: generation)
    case .failure: break
    }
    carry()
  }

  private func refused(_ refusal: Refusal, generation: Int) {
    // After a refusal the messages behind it find a hole: one line is enough for all of them.
    logger.log(
      level: refusal.code == "gap" ? .debug : .warning, "busd did not take events; they stay in the outbox",
      metadata: ["directory": "\(outbox.directory)", "error": "\(refusal)"])
    carrier.refused(refusal, generation: generation, now: .now)
  }

  /// What may not be published is kept beside the outboxes, and stops nothing behind it. Where it cannot be kept it
  /// stays in the outbox and is tried again.
  private func setAside(_ refusal: Refusal, generation: Int) {
    guard let expected = refusal.expected, expected > 0 else { return refused(refusal, generation: generation) }
    let error = BusError(refusal)
    do {
      try SetAside(of: outbox).append(refusal.denied, of: outbox, why: refusal.message)
    } catch {
      logger.error(
        "events that may not be published cannot be set aside; they stay in the outbox",
        metadata: ["directory": "\(outbox.directory)", "error": "\(error)"])
      return carrier.refused(refusal, generation: generation, now: .now)
    }
    logger.error(
      "events may not be published, and were set aside",
      metadata: [
        "events": "\(refusal.denied.count)", "file": "\(SetAside(of: outbox).path)", "why": "\(error)",
      ])
    if denied.count + refusal.denied.count > OutboxCarrier.maximumDenied { denied = [:] }
    for sequence in refusal.denied.map({ Offset($0) }) {
      denied[sequence] = error
      for (id, waiter) in waiting where waiter.sequence == sequence { tell(id, .denied(error)) }
    }
    if carrier.carried(through: Offset(expected - 1), generation: generation, now: .now) { forget() }
  }

  private func forget() {
    let acknowledged = carrier.acknowledged
    do { try outbox.forget(through: acknowledged) } catch {
      logger.error("the outbox cannot be cut", metadata: ["directory": "\(outbox.directory)", "error": "\(error)"])
    }
    for (id, waiter) in waiting where waiter.sequence <= acknowledged { tell(id, .stored) }
    if outbox.isEmpty { whenEmpty?() }
  }

  private func resumeLater() {
    guard let until = carrier.pausedUntil, resumption == nil else { return }
    resumption = link.thread.schedule(at: until) {
      self.assumeIsolated { carrier in
        carrier.resumption = nil
        carrier.carry()
      }
    }
  }

  // MARK: Waiting

  /// Waits until busd has the event on disk.
  nonisolated func stored(_ sequence: UInt64, by deadline: ContinuousClock.Instant) async -> Outcome {
    let id = lastWaiter.wrappingAdd(1, ordering: .relaxed).newValue
    return await withTaskCancellationHandler {
      await wait(id, for: Offset(sequence), by: deadline)
    } onCancel: {
      link.thread.perform { self.assumeIsolated { $0.tell(id, .cancelled) } }
    }
  }

  private func wait(_ id: UInt64, for sequence: Offset, by deadline: ContinuousClock.Instant) async -> Outcome {
    if let error = denied[sequence] { return .denied(error) }
    if carrier.acknowledged >= sequence { return .stored }
    if isEnded { return .stopped }
    if Task.isCancelled { return .cancelled }
    return await withCheckedContinuation { answer in
      let timer = link.thread.schedule(at: deadline) { self.assumeIsolated { $0.tell(id, .late) } }
      waiting[id] = Waiter(sequence: sequence, deadline: timer, answer: answer)
    }
  }

  private func tell(_ id: UInt64, _ outcome: Outcome) {
    guard let waiter = waiting.removeValue(forKey: id) else { return }
    link.thread.cancel(waiter.deadline)
    waiter.answer.resume(returning: outcome)
  }

  /// Ends it and closes the outbox.
  func end() throws {
    guard !isEnded else { return }
    isEnded = true
    for id in waiting.keys { tell(id, .stopped) }
    try outbox.close()
  }
}
