internal import BusProtocol
internal import BusSpool
internal import Logging
internal import Synchronization
internal import ZeroMQ

/// Carries one outbox to busd: what ``Carrier`` decides, over the link, on the link's thread.
actor OutboxCarrier {
  nonisolated var unownedExecutor: UnownedSerialExecutor { link.unownedExecutor }

  nonisolated let outbox: Outbox
  private nonisolated let link: Link
  private let logger: Logger
  private var carrier: Carrier
  private var resumption: TimerID?
  private var waiting: [(sequence: Offset, answer: CheckedContinuation<Void, any Error>)] = []
  private var isEnded = false
  /// Whether a wake-up is on its way: a burst of publications makes one.
  private nonisolated let isWoken = Atomic(false)

  init(_ outbox: Outbox, link: Link, logger: Logger) {
    self.outbox = outbox
    self.link = link
    self.logger = logger
    carrier = Carrier(acknowledged: outbox.acknowledged)
  }

  /// Something was published. Costs an atomic exchange while the carrier is at it anyway.
  nonisolated func wake() {
    guard !isWoken.exchange(true, ordering: .acquiringAndReleasing) else { return }
    link.thread.perform { self.assumeIsolated { $0.carry() } }
  }

  /// Returns when busd has the event on disk; throws when the client stops before.
  func stored(_ sequence: UInt64) async throws {
    if carrier.acknowledged.rawValue >= sequence { return }
    guard !isEnded else { throw OutboxCarrier.ended }
    try await withCheckedThrowingContinuation { waiting.append((Offset(sequence), $0)) }
  }

  private func carry() {
    isWoken.store(false, ordering: .releasing)
    guard !isEnded else { return }
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
    resumeLater()
  }

  private func send(_ chunk: SpoolChunk) {
    carrier.didSend(through: chunk.through)
    let (generation, publisher, records) = (carrier.generation, outbox.publisher, chunk.bytes)
    let oldest = max(chunk.first.rawValue, 1)
    link.assumeIsolated { link in
      link.ask(
        { .carry(request: $0, publisher: publisher, oldest: oldest, records: records) }, deadline: nil
      ) { result in self.assumeIsolated { $0.answered(result, generation: generation) } }
    }
  }

  private func answered(_ result: Result<Reply, BusError>, generation: Int) {
    guard !isEnded else { return }
    switch result {
    case .success(.carried(_, let through, _)):
      if carrier.carried(through: Offset(through), generation: generation) { forget() }
    case .success(.refused(_, let refusal)):
      // After a refusal the messages behind it find a hole: one line is enough for all of them.
      logger.log(
        level: refusal.code == "gap" ? .debug : .warning, "busd did not take events; they stay in the outbox",
        metadata: ["error": "\(refusal)"])
      carrier.refused(refusal, generation: generation, now: .now)
    case .success, .failure: break
    }
    carry()
  }

  private func forget() {
    let acknowledged = carrier.acknowledged
    do { try outbox.forget(through: acknowledged) } catch {
      logger.error("the outbox cannot be cut", metadata: ["directory": "\(outbox.directory)", "error": "\(error)"])
    }
    guard !waiting.isEmpty else { return }
    let stored = waiting.filter { $0.sequence <= acknowledged }
    waiting.removeAll { $0.sequence <= acknowledged }
    for waiter in stored { waiter.answer.resume() }
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

  private static var ended: BusError {
    BusError(
      code: "stopped", "the client stopped before busd had the event",
      help: "it is in the outbox: the next process of this service sends it")
  }

  /// Whoever waits for busd's disk waits no more.
  func giveUpWaiting() { giveUp { _ in true } }

  /// Whoever waits for this event waits no more.
  func stopWaiting(for sequence: UInt64) { giveUp { $0.rawValue == sequence } }

  private func giveUp(_ isGivenUp: (Offset) -> Bool) {
    let givenUp = waiting.filter { isGivenUp($0.sequence) }
    waiting.removeAll { isGivenUp($0.sequence) }
    for waiter in givenUp { waiter.answer.resume(throwing: OutboxCarrier.ended) }
  }

  /// Ends it and closes the outbox.
  func end() throws {
    guard !isEnded else { return }
    isEnded = true
    giveUpWaiting()
    try outbox.close()
  }
}
