public import BusProtocol

extension BusClient {
  /// Waits until a job has come to its end, and returns it as it ended: done, not needed, merged, dead, cancelled.
  ///
  /// Busd may be restarted meanwhile. Throws `not_found` for a job that is no longer kept, and `timeout` or
  /// `unreachable` when it did not end in time: it goes on all the same.
  ///
  /// ```swift
  /// let outcome = try await bus.enqueue(MakeReport(month: 5), engine: "reports")
  /// let job = try await bus.wait(for: outcome.job, timeout: .seconds(60))
  /// ```
  public func wait(for job: JobID, timeout: Duration) async throws(BusError) -> Job {
    let deadline = ContinuousClock.now + timeout
    while true {
      let answer = try await askForEnd(of: job, within: deadline - .now, timeout)
      let found: Job
      do { found = try Job(json: try answer.members("answer").value("job")) } catch {
        throw BusError(code: error.code.rawValue, error.message, help: "use a client and a busd of one version")
      }
      if found.finishedAt != nil { return found }
    }
  }

  private func askForEnd(of job: JobID, within left: Duration, _ timeout: Duration) async throws(BusError) -> JSONValue
  {
    let late = BusError(code: "timeout", "job \(job) has not ended within \(timeout)", help: "bus why \(job)")
    guard left > .zero else { throw late }
    do throws(BusError) {
      let reply = try await link.request(timeout: left) {
        .ask(request: $0, about: "wait", parameters: ["job": job.jsonValue])
      }
      guard case .answer(_, let answer) = reply else { throw BusClient.unexpected(reply) }
      return answer
    } catch {
      throw error.code == "timeout" ? late : error
    }
  }
}
