public import BusProtocol

/// Something new of a call.
public enum CallUpdate<Answer, Part> {
  /// How far the run is.
  case progress(JobProgress)
  /// A part of the answer: what the worker gave to ``Run/send(_:)``.
  case part(Part)
  /// A line that the worker wrote.
  case line(String, JobLine.Level)
  /// The run before failed, and this one begins again: its parts come anew.
  case restarted(attempt: Int)
  /// The answer; nothing follows.
  case answer(Answer)
}

extension CallUpdate: Sendable where Answer: Sendable, Part: Sendable {}
extension CallUpdate: Equatable where Answer: Equatable, Part: Equatable {}

/// A call that tells how it goes on: see ``BusClient/calling(_:engine:queue:parts:returning:timeout:)``.
///
/// Each iteration is a call of its own.
public struct Call<Answer: Decodable, Part: Decodable>: AsyncSequence, Sendable {
  /// Something new of the call.
  public typealias Element = CallUpdate<Answer, Part>

  let client: BusClient
  let wish: @Sendable () throws(BusError) -> NewJob
  let timeout: Duration

  /// Nothing is asked for before the first `next()`.
  public func makeAsyncIterator() -> Iterator { Iterator(self) }

  /// Waits for what is new.
  public struct Iterator: AsyncIteratorProtocol {
    private let call: Call
    private let deadline: ContinuousClock.Instant
    private var updates: JobUpdates.Iterator?
    private var attempt: Int?
    private var line: KeptLine?
    private var isDone = false

    init(_ call: Call) {
      self.call = call
      deadline = .now + call.timeout
    }

    /// The next news; nil behind the answer. Throws what ``BusClient/call(_:engine:queue:returning:timeout:)`` throws.
    public mutating func next() async throws(BusError) -> CallUpdate<Answer, Part>? {
      guard !isDone else { return nil }
      do throws(BusError) { return try await news() } catch {
        isDone = true
        throw error
      }
    }

    private mutating func news() async throws(BusError) -> CallUpdate<Answer, Part>? {
      if let line = line.take() { return try read(line) }
      if updates == nil { updates = try await begin() }
      while let update = try await updates?.next() {
        switch update {
        case .progress(let progress): return .progress(progress)
        case .missed: continue
        case .line(let line): return try read(line)
        case .ended(let job):
          isDone = true
          return .answer(try BusClient.answer(of: job, as: Answer.self))
        }
      }
      return nil
    }

    private func begin() async throws(BusError) -> JobUpdates.Iterator {
      let job = try await call.client.share(try call.wish(), timeout: call.timeout)
      return call.client.updates(of: job, timeout: deadline - .now).makeAsyncIterator()
    }

    private mutating func read(_ line: KeptLine) throws(BusError) -> CallUpdate<Answer, Part> {
      if let attempt, line.attempt > attempt {
        (self.attempt, self.line) = (line.attempt, line)
        return .restarted(attempt: line.attempt)
      }
      attempt = line.attempt
      switch line.line.content {
      case .text(let text, let level): return .line(text, level)
      case .part(let part): return .part(try BusClient.read(part, as: Part.self, of: "a part of the answer"))
      }
    }
  }
}

extension BusClient {
  /// Has a worker do its work somewhere, and tells of its progress and of the parts of its answer until it is there.
  ///
  /// ```swift
  /// let call = bus.calling(MakeReport(month: 5), engine: "reports", parts: Row.self, returning: Report.self)
  /// for try await update in call {
  ///   switch update {
  ///   case .progress(let progress): bar.show(progress.fraction)
  ///   case .part(let row): table.append(row)
  ///   case .answer(let report): show(report)
  ///   case .line, .restarted: break
  ///   }
  /// }
  /// ```
  /// Equal calls under a queue lock share one run, also one that runs already: who comes late gets the parts from the
  /// beginning.
  public func calling<Answer: Decodable, Part: Decodable>(
    _ worker: some Worker, engine: Name? = nil, queue: Name? = nil, parts: Part.Type = JSONValue.self,
    returning: Answer.Type = Answer.self, timeout: Duration = .seconds(60)
  ) -> Call<Answer, Part> {
    Call(
      client: self, wish: { () throws(BusError) in try self.wish(worker, engine: engine, queue: queue) },
      timeout: timeout)
  }

  /// Asks for a job of which somebody waits for the answer; returns the one whose run is shared.
  func share(_ wish: NewJob, timeout: Duration) async throws(BusError) -> JobID {
    var wish = wish
    wish.sharesRun = true
    let outcomes = try await enqueue([wish], timeout: min(timeout, .seconds(10)))
    guard let outcome = outcomes.first else { return wish.id }
    if case .refused(_, let refusal) = outcome {
      throw BusError(code: refusal.code.rawValue, refusal.reason, help: "call again later")
    }
    return outcome.job
  }

  /// The answer of a job that has ended.
  static func answer<Answer: Decodable>(of job: Job, as type: Answer.Type) throws(BusError) -> Answer {
    guard job.state == .done, let result = job.result else {
      let state = job.state == .done || job.state == .notNeeded ? "no_answer" : "job_\(job.state.rawValue)"
      let reason = job.reason ?? job.failures.last?.error ?? "it ended as \(job.state.rawValue), without an answer"
      throw BusError(code: state, "job \(job.id) has no answer: \(reason)", help: "bus why \(job.id)")
    }
    return try read(result, as: type, of: "the answer of job \(job.id)")
  }

  fileprivate static func read<Value: Decodable>(
    _ json: JSONValue, as type: Value.Type, of what: String
  ) throws(BusError) -> Value {
    do { return try JSONValueDecoder().decode(Value.self, from: json, of: what) } catch {
      throw BusError(code: error.code.rawValue, error.message, help: "call it with the types that the worker answers")
    }
  }
}
