internal import BusProtocol
internal import BusStore
internal import Logging

/// Schedules: each due time gets its job in the transaction that records it.
extension StoreLoop {
  /// Where schedules stood before busd was started.
  func rememberSchedules() {
    do {
      _ = schedules.declare(try store.declaredSchedules())
      schedules.settle(try store.schedules())
    } catch {
      logger.error("the schedules could not be read", metadata: ["error": "\(error)"])
    }
  }

  func fireSchedules(at moment: Timestamp) {
    for firing in schedules.due(now: moment) {
      for run in firing.runs { jobs.expectWork(in: run.job.queue) }
      add(.fire(firing)) { loop, reply in
        guard case .fired(let outcomes, let status) = reply, let status else { return }
        loop.schedules.settle([status])
        loop.count(outcomes)
        if firing.skipped > 0 {
          loop.logger.notice(
            "due times of a schedule were skipped",
            metadata: ["schedule": "\(firing.name)", "skipped": "\(firing.skipped)"])
        }
      }
    }
  }
}
