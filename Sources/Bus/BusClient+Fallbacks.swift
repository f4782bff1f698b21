internal import BusProtocol

/// What happens when the outbox or busd does not take something: ``Fallback``, one after the other.
extension BusClient {
  /// How many events and jobs were given up by ``Fallback/discard``.
  public var discardedCount: Int { tally.discarded }

  /// Takes an event that the outbox did not; throws why not when nobody else does either.
  func fallBack(
    _ topic: Topic, _ bytes: [UInt8], _ failure: BusError, _ fallbacks: [Fallback]
  ) throws(BusError) -> Receipt {
    // That one is the event's own fault, and would be everywhere.
    guard !["bad_record", "too_large"].contains(failure.code) else { throw failure }
    for fallback in fallbacks {
      switch fallback {
      case .inline(let bus):
        guard bus.wants(topic), let receipt = try? publish(topic, bytes, in: bus) else { continue }
        bus.drainSoon(logger)
        return receipt
      case .discard:
        noteDiscarded("an event was discarded", "event.topic", "\(topic)", failure)
        return Receipt(id: nextEventID(), place: .discarded(failure))
      }
    }
    throw failure
  }

  /// Takes jobs that busd was not heard to take; throws why not when nobody else does either.
  func fallBack(
    _ jobs: [NewJob], _ failure: BusError, _ fallbacks: [Fallback]
  ) async throws(BusError) -> [EnqueueOutcome] {
    guard ["unreachable", "timeout", "stopped"].contains(failure.code) else { throw failure }
    for fallback in fallbacks {
      switch fallback {
      case .inline(let bus):
        guard jobs.allSatisfy({ bus.canRunNow($0) }) else { continue }
        return try await run(jobs, in: bus)
      case .discard:
        return jobs.map { job in
          noteDiscarded("a job was discarded", "job.worker", "\(job.queue.engine).\(job.worker)", failure)
          return .dropped(job.id, reason: failure.message)
        }
      }
    }
    throw failure
  }

  /// The same for a batch or a chain: it runs here as a whole, or not.
  func fallBack(
    _ group: JobGroup, _ failure: BusError, _ fallbacks: [Fallback]
  ) async throws(BusError) -> [EnqueueOutcome] {
    guard ["unreachable", "timeout", "stopped"].contains(failure.code) else { throw failure }
    for fallback in fallbacks {
      switch fallback {
      case .inline(let bus):
        guard group.all.allSatisfy({ bus.canRunNow($0) }) else { continue }
        do {
          _ = try bus.enqueue(group)
          try await bus.drain()
        } catch {
          throw BusError(code: "job_failed", "a job that ran in this process failed: \(error)", help: "see the worker")
        }
        return group.all.map { .ran($0.id) }
      case .discard: return try await fallBack(group.all, failure, [.discard])
      }
    }
    throw failure
  }

  private func run(_ jobs: [NewJob], in bus: InlineBus) async throws(BusError) -> [EnqueueOutcome] {
    do {
      for job in jobs { _ = try await bus.run(job) }
    } catch {
      throw BusError(code: "job_failed", "a job that ran in this process failed: \(error)", help: "see the worker")
    }
    return jobs.map { .ran($0.id) }
  }

  /// Said once for each power of two, so that the log is not filled.
  private func noteDiscarded(_ message: String, _ key: String, _ what: String, _ failure: BusError) {
    let count = tally.discard()
    guard count & (count - 1) == 0 else { return }
    logger.warning(
      "\(message)", metadata: [key: "\(what)", "error": "\(failure)", "count": "\(count)"])
  }
}
