/// What a filter is for, and so which fields it may name.
public enum FilterKind: Hashable, Sendable, CaseIterable {
  /// Events, with the names of CloudEvents.
  case events
  /// Jobs, with the names of their JSON.
  case jobs

  /// The fields, without their second names.
  public var fieldNames: [String] { fields.map(\.name) }

  var fields: [FilterField] {
    switch self {
    case .events: FilterField.ofEvents
    case .jobs: FilterField.ofJobs
    }
  }

  var noun: String {
    switch self {
    case .events: "an event"
    case .jobs: "a job"
    }
  }

  func field(_ name: String) -> FilterField? { fields.first { $0.name == name || $0.otherName == name } }
}

/// Something that an event or a job has, by name.
struct FilterField: Sendable {
  /// What its values are.
  enum Form: Sendable {
    case text
    case integer
    case time
    /// One of few words.
    case word([String])
    /// 26 characters, of which the beginning may stand for all.
    case identifier
    /// `engine/name`, of which the name may stand for all in the short form.
    case qualifiedName
    /// An object whose members have any form.
    case json
  }

  let name: String
  let form: Form
  let otherName: String?

  private init(_ name: String, _ form: Form, or otherName: String? = nil) {
    self.name = name
    self.form = form
    self.otherName = otherName
  }

  fileprivate static let ofEvents: [FilterField] = [
    FilterField("id", .identifier), FilterField("type", .text, or: "topic"), FilterField("source", .text),
    FilterField("time", .time), FilterField("recordedtime", .time), FilterField("offset", .integer),
    FilterField("sequence", .integer), FilterField("causationid", .text),
    FilterField("correlationid", .identifier, or: "correlation"), FilterField("traceparent", .text, or: "trace"),
    FilterField("datacontenttype", .text), FilterField("context", .json), FilterField("data", .json),
  ]

  fileprivate static let ofJobs: [FilterField] = [
    FilterField("id", .identifier), FilterField("queue", .qualifiedName), FilterField("engine", .text),
    FilterField("worker", .text), FilterField("state", .word(JobState.allCases.map(\.rawValue))),
    FilterField("reason", .text), FilterField("queue_lock", .text, or: "lock"), FilterField("worker_lock", .text),
    FilterField("priority", .integer), FilterField("attempts", .integer, or: "tries"),
    FilterField("crashes", .integer), FilterField("merges", .integer), FilterField("error", .text),
    FilterField("enqueued_at", .time), FilterField("due_at", .time), FilterField("started_at", .time),
    FilterField("finished_at", .time), FilterField("process", .text), FilterField("event", .identifier),
    FilterField("offset", .integer), FilterField("topic", .text), FilterField("subscription", .qualifiedName),
    FilterField("parent", .identifier), FilterField("correlation", .identifier), FilterField("trace", .text),
    FilterField("source", .text), FilterField("context", .json), FilterField("inputs", .json, or: "args"),
  ]
}
