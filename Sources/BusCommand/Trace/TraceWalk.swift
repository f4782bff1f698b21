internal import BusProtocol

/// Where a walk along the causes looks things up.
struct TraceSource {
  /// A job by its id, nil where it is no longer kept.
  var job: (JobID) async throws -> Job?
  /// An event with its jobs and merges, nil where it is no longer kept.
  var event: (EventID) async throws -> WhyEventAnswer?
  /// What a job enqueued while it ran.
  var jobs: (_ parent: JobID) async throws -> [Job]
  /// The events of a chain that were recorded between two moments, and whether all were looked at.
  var events: (_ chain: CorrelationID, ClosedRange<Timestamp>) async throws -> (events: [TracedEvent], isComplete: Bool)
  /// What a job waits for, or waited for, nil for one that never did.
  var batch: (JobID) async throws -> JobBatch? = { _ in nil }
  /// The jobs that wait for a job, or did.
  var awaiters: (JobID) async throws -> [JobID] = { _ in [] }
}

/// Climbs to what began a chain of causes, then gathers everything that came of it.
///
/// Nothing is kept for this on the way of an event: jobs name the event or the job that led to them, events the job
/// that published them. What a job published is looked for in the stretch of the spool in which it ran.
struct TraceWalk {
  /// What the walk begins at.
  enum Start: Equatable {
    case event(EventID)
    case job(JobID)
  }

  let source: TraceSource
  let now: Timestamp
  /// So many causes deep at most, counted from the first one.
  var maximumDepth = 64
  /// So many events and jobs at most.
  var maximumCount = 500

  /// How long after its cause an event may be recorded, and still be found: the publisher's outbox may have waited.
  static let patience = Duration.seconds(60)
  /// How long after an event a service that follows the bus may answer with another one, and still be found.
  static let reaction = Duration.seconds(10)

  private var start: Start
  private var count = 0
  private var seen: Set<JobID> = []

  init(from start: Start, source: TraceSource, now: Timestamp) {
    self.start = start
    self.source = source
    self.now = now
  }

  /// The whole tree, nil where what was asked about is not kept.
  mutating func trace() async throws -> Trace? {
    guard let first = try await firstCause() else { return nil }
    return try await grow(first, depth: 0)
  }

  // MARK: Up

  /// From the start to what has no cause, or none that is still kept.
  private func firstCause() async throws -> Trace.Subject? {
    guard var place = try await look(start) else { return nil }
    for _ in 0..<maximumDepth {
      var causes: [Start] = []
      switch place {
      case .event(let event):
        switch event.causation {
        case .event(let id): causes = [.event(id)]
        case .job(let id): causes = [.job(id)]
        case nil: break
        }
      case .job(let job):
        causes = [job.wish.cause.event.map { .event($0) }, job.wish.cause.job.map { .job($0) }].compactMap(\.self)
      case .merge, .batch: break
      }
      if let cause = try await firstKept(causes) {
        place = cause
      } else if case .job(let job) = place, let before = try await before(job) {
        place = before
      } else {
        return place
      }
    }
    return place
  }

  private func firstKept(_ places: [Start]) async throws -> Trace.Subject? {
    for place in places {
      if let found = try await look(place) { return found }
    }
    return nil
  }

  /// Of a job that nothing led to: the step before it in its chain, or the batch that it belongs to.
  private func before(_ job: Job) async throws -> Trace.Subject? {
    if let batch = try await source.batch(job.id) {
      guard batch.step != nil else { return .batch(batch) }
      guard let step = batch.jobs.first else { return nil }
      return try await source.job(step.job).map { .job($0) }
    }
    for id in try await source.awaiters(job.id) {
      guard let batch = try await source.batch(id), batch.step == nil else { continue }
      // One that something led to stands below that.
      if let then = try await source.job(id), !then.wish.cause.isOfOther { return .batch(batch) }
    }
    return nil
  }

  private func look(_ place: Start) async throws -> Trace.Subject? {
    switch place {
    case .event(let id): try await source.event(id).map { .event(try TracedEvent(json: $0.event)) }
    case .job(let id): try await source.job(id).map { .job($0) }
    }
  }

  // MARK: Down

  private mutating func grow(_ subject: Trace.Subject, depth: Int) async throws -> Trace {
    count += 1
    var trace = Trace(subject: subject, isAsked: isAsked(subject))
    guard depth < maximumDepth, count < maximumCount else {
      trace.remark = "there may be more: --depth or 'bus trace' from here shows it"
      return trace
    }
    let found: (children: [Trace.Subject], isComplete: Bool)
    switch subject {
    case .event(let event): found = try await consequences(of: event)
    case .job(let job):
      guard seen.insert(job.id).inserted else { return trace }
      found = try await consequences(of: job)
    case .batch(let batch): found = (try await jobs(of: batch), batch.next == nil)
    case .merge: return trace
    }
    if !found.isComplete { trace.remark = "not all events of that time were looked at" }
    for child in found.children {
      guard count < maximumCount else {
        trace.remark = "only the first \(maximumCount) are shown: 'bus trace' from one of them shows its own"
        break
      }
      trace.children.append(try await grow(child, depth: depth + 1))
    }
    return trace
  }

  private func isAsked(_ subject: Trace.Subject) -> Bool {
    switch subject {
    case .event(let event): start == .event(event.id)
    case .job(let job): start == .job(job.id)
    case .merge, .batch: false
    }
  }

  private func consequences(of event: TracedEvent) async throws -> (children: [Trace.Subject], isComplete: Bool) {
    guard let answer = try await source.event(event.id) else { return ([], true) }
    let jobs = answer.jobs.sorted { $0.id < $1.id }.map { Trace.Subject.job($0) }
    let merges = answer.merges.map { Trace.Subject.merge(into: $0.job, $0.subscription) }
    let stretch = event.recordedAt...(event.recordedAt + TraceWalk.reaction)
    let answers = try await published(by: .event(event.id), event.chain, stretch)
    return (jobs + merges + answers.events, answers.isComplete)
  }

  private func consequences(of job: Job) async throws -> (children: [Trace.Subject], isComplete: Bool) {
    let jobs =
      try await source.jobs(job.id).sorted { $0.id < $1.id }.map { Trace.Subject.job($0) } + steps(behind: job)
    // Of runs before the last one only the end is known.
    guard let begin = job.attempts > 1 ? job.enqueuedAt : job.startedAt else { return (jobs, true) }
    let end = job.finishedAt.map { $0 + TraceWalk.patience } ?? now
    let events = try await published(by: .job(job.id), job.chain, begin...max(begin, end))
    return (events.events + jobs, events.isComplete)
  }

  /// The next step of a chain that nothing else led to.
  private func steps(behind job: Job) async throws -> [Trace.Subject] {
    var steps: [Trace.Subject] = []
    for id in try await source.awaiters(job.id) {
      guard try await source.batch(id)?.step != nil, let step = try await source.job(id) else { continue }
      if !step.wish.cause.isOfOther { steps.append(.job(step)) }
    }
    return steps
  }

  /// The jobs of a batch, then the one that waits for them.
  private func jobs(of batch: JobBatch) async throws -> [Trace.Subject] {
    var jobs: [Trace.Subject] = []
    for id in batch.jobs.map(\.job) + [batch.then] {
      if let job = try await source.job(id) { jobs.append(.job(job)) }
    }
    return jobs
  }

  private func published(
    by cause: Causation, _ chain: CorrelationID, _ stretch: ClosedRange<Timestamp>
  ) async throws -> (events: [Trace.Subject], isComplete: Bool) {
    let found = try await source.events(chain, stretch)
    return (found.events.filter { $0.causation == cause }.map { .event($0) }, found.isComplete)
  }
}

extension JobCause {
  /// Whether an event or a job led to it.
  fileprivate var isOfOther: Bool { event != nil || job != nil }
}
