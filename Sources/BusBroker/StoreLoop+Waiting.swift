internal import BusProtocol
internal import BusStore
internal import Logging

/// The one question whose answer may wait: `wait`.
extension StoreLoop {
  /// Answers when the job has ended, or after a second with the job as it is.
  func wait(_ asked: JSONMembers, _ origin: (session: SessionID, request: UInt64)) throws {
    let job = try job(asked, "job")
    let waiter = WaitDesk.Waiter(session: origin.session, request: origin.request)
    if job.finishedAt != nil {
      send(.answer(request: waiter.request, ["job": job.json]), to: waiter.session)
    } else if !waits.add(waiter, for: job.id, now: .now) {
      throw Refusal(
        code: "busy", message: "\(WaitDesk.limit) callers wait for jobs already", retryAfter: .seconds(1))
    }
  }

  /// Answers those whose job has ended meanwhile, and those who have waited long enough.
  func tellWhoWaits() {
    for id in waits.due(now: .now) {
      do {
        let job = try store.job(id)
        let hasEnded = job.map { $0.finishedAt != nil } ?? true
        for waiter in waits.told(id, hasEnded: hasEnded, now: .now) {
          if let job {
            send(.answer(request: waiter.request, ["job": job.json]), to: waiter.session)
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
