// The entries of packed messages: jobs, assignments, outcomes and results. What has no bytes of its own goes as JSON.

extension PackedWriter {
  mutating func append(_ job: NewJob) throws(DoesNotFit) {
    append(job.id)
    try append(job.queue, .queue)
    try append(text: job.worker.text, .worker)
    try appendLong { job.given.append(to: &$0) }
    let place = beginFields()
    var count: UInt8 = 0
    if let lock = job.queueLock { try append(.queueLock, &count, text: lock) }
    if let lock = job.workerLock { try append(.workerLock, &count, text: lock) }
    if let due = job.dueAt { try append(.dueAt, &count) { $0.append(due.microseconds) } }
    if job.priority != 0 { try append(.priority, &count) { $0.append(Int64(job.priority)) } }
    if job.hasRareMembers {
      var rare = JSONObject()
      job.appendRare(to: &rare)
      try append(.rare, &count, rare)
    }
    try append(job.cause, &count)
    endFields(place, count)
  }

  mutating func append(_ assignment: Assignment) throws(DoesNotFit) {
    append(assignment.id)
    append(assignment.token)
    append(Int64(assignment.attempt))
    try append(assignment.queue, .queue)
    try append(text: assignment.worker.text, .worker)
    try appendLong { assignment.given.append(to: &$0) }
    let place = beginFields()
    var count: UInt8 = 0
    try append(assignment.cause, &count)
    endFields(place, count)
  }

  private mutating func append(_ cause: JobCause, _ count: inout UInt8) throws(DoesNotFit) {
    if let event = cause.event { try append(.causeEvent, &count) { $0.append(event) } }
    if let offset = cause.offset { try append(.causeOffset, &count) { $0.append(offset.rawValue) } }
    if let topic = cause.topic {
      try append(.causeTopic, &count) { (writer) throws(DoesNotFit) in try writer.append(text: topic.text, .topic) }
    }
    if let subscription = cause.subscription {
      try append(.causeSubscription, &count) { (writer) throws(DoesNotFit) in
        try writer.append(subscription, .subscription)
      }
    }
    if let job = cause.job { try append(.causeJob, &count) { $0.append(job) } }
    if let correlation = cause.correlation { try append(.causeCorrelation, &count) { $0.append(correlation) } }
    if let trace = cause.trace { try append(.causeTrace, &count) { $0.append(trace) } }
    if let source = cause.source {
      try append(.causeSource, &count) { (writer) throws(DoesNotFit) in try writer.append(text: source, .source) }
    }
    if let context = cause.context { try append(.causeContext, &count, context) }
  }

  mutating func append(_ outcome: EnqueueOutcome) throws(DoesNotFit) {
    switch outcome {
    case .enqueued(let id):
      append(byte: PackedOutcome.enqueued)
      append(id)
    case .merged(let id):
      append(byte: PackedOutcome.merged)
      append(id)
    case .parked, .refused, .ran, .dropped: try append(json: outcome.json)
    }
  }

  mutating func append(_ result: JobResult) throws(DoesNotFit) {
    guard let byte = PackedOutcome.byte(of: result) else { return try append(json: result.json) }
    append(byte: byte)
    append(result.id)
    append(result.token)
  }

  private mutating func append(json: JSONValue) throws(DoesNotFit) {
    append(byte: PackedOutcome.json)
    try appendLong { JSONWriter.append(json, to: &$0) }
  }
}

extension PackedReader {
  mutating func job() throws(ProtocolError) -> NewJob {
    var job = NewJob(id: try id(), queue: try qualifiedName(), worker: try name(of: "worker"))
    job.given = try JobInputs(try long())
    var rare: JSONObject?
    try fields { (key, count, reader) throws(ProtocolError) in
      switch key {
      case .queueLock: job.queueLock = try NewJob.checked(lock: try reader.text(byteCount: count), "queue_lock")
      case .workerLock: job.workerLock = try NewJob.checked(lock: try reader.text(byteCount: count), "worker_lock")
      case .dueAt: job.dueAt = Timestamp(microseconds: try reader.number())
      case .priority: job.priority = Int(try reader.number(Int64.self))
      case .rare: rare = try reader.object(byteCount: count)
      default: try reader.read(key, count, into: &job.cause)
      }
    }
    if let rare { try job.readRare(JSONMembers(rare, of: "job")) }
    return job
  }

  mutating func assignment() throws(ProtocolError) -> Assignment {
    let (id, token, attempt): (JobID, UInt64, Int64) = (try id(), try bounded(), try number())
    let (queue, worker): (QueueName, Name) = (try qualifiedName(), try name(of: "worker"))
    let given = try JobInputs(kept: try long())
    var cause = JobCause()
    try fields { (key, count, reader) throws(ProtocolError) in try reader.read(key, count, into: &cause) }
    return Assignment(
      id: id, token: token, attempt: Int(attempt), queue: queue, worker: worker, given: given, cause: cause)
  }

  fileprivate mutating func read(
    _ key: PackedField, _ byteCount: Int, into cause: inout JobCause
  ) throws(ProtocolError) {
    switch key {
    case .causeEvent: cause.event = try id()
    case .causeOffset: cause.offset = try offset()
    case .causeTopic: cause.topic = try topic()
    case .causeSubscription: cause.subscription = try qualifiedName()
    case .causeJob: cause.job = try id()
    case .causeCorrelation: cause.correlation = try id()
    case .causeTrace: cause.trace = try TraceContext(try slice(byteCount: byteCount))
    case .causeSource: cause.source = try text()
    case .causeContext:
      let context = try object(byteCount: byteCount)
      guard !context.isDeeper(than: EventHeaders.maximumContextDepth) else { throw EventHeaders.tooDeep }
      cause.context = context
    // An assignment has none of a wish's own: as with any key that is not known there.
    case .queueLock, .workerLock, .dueAt, .priority, .rare: _ = try slice(byteCount: byteCount)
    }
  }

  mutating func outcome() throws(ProtocolError) -> EnqueueOutcome {
    switch try number(UInt8.self) {
    case PackedOutcome.enqueued: .enqueued(try id())
    case PackedOutcome.merged: .merged(into: try id())
    case PackedOutcome.json: try EnqueueOutcome(json: try json())
    case let byte: throw refused("\(byte) is no outcome of an enqueue")
    }
  }

  mutating func result() throws(ProtocolError) -> JobResult {
    let byte = try number(UInt8.self)
    if byte == PackedOutcome.json { return try JobResult(json: try json()) }
    guard let outcome = PackedOutcome.outcome(of: byte) else { throw refused("\(byte) is no outcome of a run") }
    return JobResult(id: try id(), token: try bounded(), outcome: outcome)
  }
}

/// The first byte of an outcome: what it is, or that JSON follows.
private enum PackedOutcome {
  static let json: UInt8 = 0
  static let enqueued: UInt8 = 1
  static let merged: UInt8 = 2

  static func byte(of result: JobResult) -> UInt8? {
    guard result.result == nil, result.note == nil else { return nil }
    return switch result.outcome {
    case .done: 1
    case .notNeeded: 2
    case .returned: 3
    case .unknownWorker: 4
    case .failed, .dead, .snoozed, .cancelled: nil
    }
  }

  static func outcome(of byte: UInt8) -> Outcome? {
    switch byte {
    case 1: .done
    case 2: .notNeeded
    case 3: .returned
    case 4: .unknownWorker
    default: nil
    }
  }
}
