public import BusProtocol

/// Pauses, limits and rates of whole queues. What runs and what waits is in the book's counts, which are those of the
/// rows; the rate's meter and the pause are kept in the transaction that changed them.
extension SQLiteJobStore {
  /// Stops a queue.
  func pause(_ queue: QueueName, _ pause: QueuePause) throws -> StoreReply {
    guard wiring.knows(queue) else { return .paused(.failure(UnknownQueue(reason: wiring.refusal(of: queue)))) }
    book.setPause(pause, of: try number(of: queue))
    return .paused(.success(pause))
  }

  /// Lets a queue go on.
  func resume(_ queue: QueueName) -> StoreReply {
    guard let number = book.number(of: queue), let pause = book[number].gate.pause else { return .resumed(nil) }
    book.setPause(nil, of: number)
    return .resumed(pause)
  }

  /// Forgets pauses that have ended.
  func endPauses(at now: Timestamp) {
    for (index, entry) in book.entries.enumerated() {
      if let pause = entry.gate.pause, !pause.holds(at: now) { book.setPause(nil, of: Int64(index + 1)) }
    }
  }

  /// Why a queue does not take a job; nil when it does. What is there already, or is merged, gets its answer anyway.
  func refusal(of wish: NewJob, at now: Timestamp) throws -> EnqueueRefusal? {
    guard let number = book.number(of: wish.queue) else { return nil }
    guard let refusal = book.refusal(of: number, at: now) else { return nil }
    if try statements.outcomeOfKnown.bind(wish.id).first({ $0.integer() }) != nil { return nil }
    if try statements.mergeTarget.bind(wish.id).first({ $0.integer() }) != nil { return nil }
    if let key = wish.queueLock, try self.waiting(under: key) != nil {
      return nil
    }
    if try isRunningUntilDone(wish) { return nil }
    book.counters.refusedJobs += 1
    return refusal
  }

  /// When the rate of a queue lets the next of its ready jobs start.
  public func nextOpening(after now: Timestamp) throws(StoreError) -> Timestamp? {
    try reading("the rates", ofRuns: false) {
      book.entries.filter { $0[.ready] > 0 }
        .compactMap { $0.gate.opening(running: $0[.running], after: now) }.min()
    }
  }
}
