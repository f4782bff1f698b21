public import BusProtocol

/// Something new of a job.
public enum JobUpdate: Hashable, Sendable {
  /// How far its run is.
  case progress(JobProgress)
  /// A line that one of its runs wrote, or a part of the answer.
  case line(KeptLine)
  /// So many lines are no longer kept: there were too many.
  case missed(Int)
  /// It has come to its end; nothing follows.
  case ended(Job)
}

/// What a job's runs say, from the beginning or from a line on, to the job's end: see ``BusClient/updates(of:after:timeout:)``.
public struct JobUpdates: AsyncSequence, Sendable {
  /// Something new of the job.
  public typealias Element = JobUpdate

  private let client: BusClient
  private let job: JobID
  private let after: Int
  private let timeout: Duration?

  init(_ client: BusClient, of job: JobID, after: Int, timeout: Duration?) {
    self.client = client
    self.job = job
    self.after = after
    self.timeout = timeout
  }

  /// Begins to ask; the time that it may take begins too.
  public func makeAsyncIterator() -> Iterator {
    Iterator(client, JobNews(job: job.description, after: after), deadline: timeout.map { .now + $0 })
  }

  /// Waits for what is new.
  public struct Iterator: AsyncIteratorProtocol {
    private let client: BusClient
    private var news: JobNews
    private let deadline: ContinuousClock.Instant?

    init(_ client: BusClient, _ news: JobNews, deadline: ContinuousClock.Instant?) {
      self.client = client
      self.news = news
      self.deadline = deadline
    }

    /// The next news; nil behind the end. Busd may be restarted meanwhile.
    public mutating func next() async throws(BusError) -> JobUpdate? {
      while true {
        if let update = news.next() { return update }
        if news.hasEnded { return nil }
        let left = deadline.map { $0 - .now } ?? .seconds(86_400)
        guard left > .zero else { throw late }
        let answer: JSONValue
        do throws(BusError) { answer = try await client.ask("lines", news.question, timeout: left) } catch {
          throw error.code == "timeout" ? late : error
        }
        do throws(ProtocolError) { try news.take(answer) } catch {
          throw BusError(code: error.code.rawValue, error.message, help: "use a client and a busd of one version")
        }
      }
    }

    private var late: BusError {
      BusError(code: "timeout", "job \(news.job) has not ended in time", help: "bus why \(news.job)")
    }
  }
}

/// Reads the answers to `lines` one after the other: what is asked next, and what is new.
package struct JobNews: Sendable {
  /// The job, as it is asked for.
  package let job: String
  private var after: Int
  private var progress: JobProgress?
  private var updates: ArraySlice<JobUpdate> = []
  /// Whether the end was told.
  package private(set) var hasEnded = false

  /// The news of a job behind a line.
  package init(job: String, after: Int = 0) {
    self.job = job
    self.after = after
  }

  /// What to ask for.
  package var question: JSONObject {
    var object: JSONObject = ["job": .string(job), "after": after.jsonValue, "wait": true]
    object.set("progress", progress?.at?.description)
    return object
  }

  /// The next of what was answered.
  package mutating func next() -> JobUpdate? { updates.popFirst() }

  /// An answer.
  package mutating func take(_ answer: JSONValue) throws(ProtocolError) {
    let members = try answer.members("lines")
    let lines = try members.list("lines") { (json) throws(ProtocolError) in try KeptLine(json: json) }
    if let missing: Int = try members.optional("missing"), missing > 0 { updates.append(.missed(missing)) }
    for line in lines where line.number > after {
      updates.append(.line(line))
      after = line.number
    }
    if let json = members.optionalValue("progress") {
      let progress = try JobProgress(json: json)
      if progress != self.progress { updates.append(.progress(progress)) }
      self.progress = progress
    }
    guard let json = members.optionalValue("job") else { return }
    updates.append(.ended(try Job(json: json)))
    hasEnded = true
  }
}

extension BusClient {
  /// What a job's runs say, from the beginning or behind a line, until it has ended.
  ///
  /// ```swift
  /// for try await update in bus.updates(of: job) {
  ///   if case .progress(let progress) = update { print("\(progress.done) of \(progress.total ?? 0)") }
  /// }
  /// ```
  /// Throws `timeout` when it has not ended in time, `not_found` for a job that is no longer kept.
  public func updates(of job: JobID, after line: Int = 0, timeout: Duration? = nil) -> JobUpdates {
    JobUpdates(self, of: job, after: line, timeout: timeout)
  }
}
