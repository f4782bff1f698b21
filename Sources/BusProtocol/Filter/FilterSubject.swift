/// What a filter is asked about: an event or a job.
public protocol FilterSubject {
  /// The value of a field of its kind, by the field's first name; nil where it has none. Times are their microseconds.
  func value(of field: String) -> JSONValue?
  /// Whether one of its texts contains the text.
  func mentions(_ text: String) -> Bool
}

/// An event as filters see it: the names of CloudEvents.
public struct EventSubject: FilterSubject, Sendable {
  private let event: Event
  private let data: JSONValue?

  /// Reads the data once, for as many tests as there are; data that is not JSON is not there.
  public init(_ event: Event) {
    self.event = event
    data = event.headers.isJSON ? try? event.json : nil
  }

  /// The value of a field.
  public func value(of field: String) -> JSONValue? {
    switch field {
    case "id": .string(event.id.description)
    case "type": .string(event.topic.text)
    case "source": event.headers.source?.jsonValue
    case "time": .integer(event.time.microseconds)
    case "recordedtime": event.offset > .zero ? .integer(event.recordedAt.microseconds) : nil
    case "offset": event.offset > .zero ? event.offset.rawValue.jsonValue : nil
    case "sequence": event.offset > .zero ? event.sequence.jsonValue : nil
    case "causationid": event.headers.causation?.text.jsonValue
    case "correlationid": event.correlation.jsonValue
    case "traceparent": event.headers.trace?.description.jsonValue
    case "datacontenttype": .string(event.headers.contentType ?? "application/json")
    case "context": event.headers.context.map { .object($0) }
    case "data": data
    default: nil
    }
  }

  /// Whether topic, source or data contain the text, or the id begins with it.
  public func mentions(_ text: String) -> Bool {
    FilterNeedle.begins(event.id.description, text) || event.topic.text.utf8.contains(text)
      || event.headers.source?.utf8.contains(text) ?? false || event.data.contains(text)
  }
}

/// A job as filters see it: the names of its JSON.
public struct JobSubject: FilterSubject, Sendable {
  private let job: Job

  /// Looks at a job.
  public init(_ job: Job) { self.job = job }

  /// The value of a field.
  public func value(of field: String) -> JSONValue? {
    switch field {
    case "id": .string(job.id.description)
    case "queue": .string(job.wish.queue.description)
    case "engine": .string(job.wish.queue.engine.text)
    case "worker": .string(job.wish.worker.text)
    case "state": .string(job.state.rawValue)
    case "reason": job.reason?.jsonValue
    case "queue_lock": job.wish.queueLock?.jsonValue
    case "worker_lock": job.wish.workerLock?.jsonValue
    case "priority": job.wish.priority.jsonValue
    case "attempts": job.attempts.jsonValue
    case "crashes": job.crashes.jsonValue
    case "merges": job.merges.jsonValue
    case "error": job.failures.last?.error.jsonValue
    case "process": job.process?.jsonValue
    case "inputs": .object(job.wish.inputs)
    default: time(of: field) ?? cause(of: field)
    }
  }

  private func time(of field: String) -> JSONValue? {
    switch field {
    case "enqueued_at": job.enqueuedAt.microseconds.jsonValue
    case "due_at": job.wish.dueAt?.microseconds.jsonValue
    case "started_at": job.startedAt?.microseconds.jsonValue
    case "finished_at": job.finishedAt?.microseconds.jsonValue
    default: nil
    }
  }

  private func cause(of field: String) -> JSONValue? {
    let cause = job.wish.cause
    return switch field {
    case "event": cause.event?.jsonValue
    case "offset": cause.offset?.rawValue.jsonValue
    case "topic": cause.topic?.text.jsonValue
    case "subscription": cause.subscription?.description.jsonValue
    case "parent": cause.job?.jsonValue
    case "correlation": cause.correlation?.jsonValue
    case "trace": cause.trace?.description.jsonValue
    case "source": cause.source?.jsonValue
    case "context": cause.context.map { .object($0) }
    default: nil
    }
  }

  /// Whether a name, a lock, the reason, the source or the inputs' JSON contain the text, or the id begins with it.
  public func mentions(_ text: String) -> Bool {
    if FilterNeedle.begins(job.id.description, text) { return true }
    let texts = [
      job.wish.queue.description, job.wish.worker.text, job.wish.queueLock, job.wish.workerLock, job.reason,
      job.process, job.wish.cause.topic?.text, job.wish.cause.subscription?.description, job.wish.cause.source,
    ]
    return texts.contains { $0?.utf8.contains(text) ?? false }
      || JSONValue.object(job.wish.inputs).bytes.contains(text)
  }
}

/// A text that is looked for anywhere.
package enum FilterNeedle {
  /// The text as the beginning of an id, nil where it cannot be one; all ids of some years share a shorter one.
  package static func identifierPrefix(_ text: String) -> String? {
    guard (6...26).contains(text.utf8.count) else { return nil }
    let characters = text.utf8.map { (97..<123).contains($0) ? $0 - 32 : $0 }
    guard characters.allSatisfy({ CrockfordBase32.value(of: $0).map(CrockfordBase32.digit) == $0 }) else { return nil }
    return String(decoding: characters, as: UTF8.self)
  }

  static func begins(_ id: String, _ text: String) -> Bool {
    identifierPrefix(text).map { id.utf8.starts(with: $0.utf8) } ?? false
  }
}

extension Collection<UInt8> {
  /// Whether the bytes of the text stand somewhere in these.
  package func contains(_ text: String) -> Bool {
    guard let first = text.utf8.first else { return true }
    let rest = text.utf8.dropFirst()
    var start = startIndex
    while let found = self[start...].firstIndex(of: first) {
      start = index(after: found)
      if self[start...].starts(with: rest) { return true }
    }
    return false
  }
}
