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

  /// Has a worker do its work somewhere, and waits for its answer: what it gave to ``Run/answer(_:)``.
  ///
  /// A call whose queue lock meets an equal one that waits or runs shares its run and its answer. When the time is up, or the
  /// caller is gone, the job goes on all the same. Throws `no_answer` when the work was done without an answer or was
  /// not needed, `job_dead`, `job_cancelled` or `job_merged` when it ended like that, with the reason.
  ///
  /// ```swift
  /// let report = try await bus.call(MakeReport(month: 5), engine: "reports", returning: Report.self)
  /// ```
  public func call<Answer: Decodable>(
    _ worker: some Worker, engine: Name? = nil, queue: Name? = nil, returning: Answer.Type = Answer.self,
    timeout: Duration = .seconds(60)
  ) async throws(BusError) -> Answer {
    let deadline = ContinuousClock.now + timeout
    let job = try await share(try wish(worker, engine: engine, queue: queue), timeout: timeout)
    return try BusClient.answer(of: try await wait(for: job, timeout: deadline - .now), as: Answer.self)
  }
}
