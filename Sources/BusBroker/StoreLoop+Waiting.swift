internal import BusProtocol
internal import BusStore
internal import Logging

/// The questions whose answers may wait: `wait`, and `lines`.
extension StoreLoop {
  /// The job when it has ended; else nil, and the answer goes out when it has, or after a second with the job as it is.
  func wait(for job: Job, _ waiter: WaitDesk.Waiter) throws -> JSONValue? {
    if job.finishedAt != nil { return try answer(waiter, with: job) }
    guard waits.add(waiter, for: job.id, now: thread.now) else {
      throw Refusal(
        code: "busy", message: "\(WaitDesk.limit) callers wait for jobs already", retryAfter: .seconds(1))
    }
    return nil
  }

  private func answer(_ waiter: WaitDesk.Waiter, with job: Job) throws -> JSONValue {
    if let known = waiter.known { try news(of: job, known) } else { ["job": job.json] }
  }

  /// Answers those whose job has ended meanwhile, and those who have waited long enough.
  func tellWhoWaits() {
    for id in waits.due(now: thread.now) {
      do {
        let job = try store.job(id)
        let hasEnded = job.map { $0.finishedAt != nil } ?? true
        let told = waits.told(id, hasEnded: hasEnded, now: thread.now) { known in job.map(known.isOld) ?? false }
        for waiter in told {
          if let job {
            send(.answer(request: waiter.request, try answer(waiter, with: job)), to: waiter.session)
          } else {
            refuse(notFound("job", id.description), request: waiter.request, session: waiter.session)
          }
        }
      } catch {
        logger.error("a job that is waited for could not be read", metadata: ["job.id": "\(id)", "error": "\(error)"])
      }
    }
  }
}
