public import BusProtocol

/// What travels from a publication into the jobs that it leads to, and into what those publish: carried by the task.
///
/// ```swift
/// BusContext.with(["tenant": 7]) { bus.publish("user_changed", ["id": 42]) }
/// ```
public struct BusContext: Sendable {
  /// The caller's own: user, tenant, locale. No secrets: it is kept with the events and shown.
  public var values: JSONObject
  /// The event or job that brings about what is published here.
  public var causation: Causation?
  /// The chain that it belongs to.
  public var correlation: CorrelationID?
  /// The trace that it belongs to.
  public var trace: TraceContext?
  /// In a job: the principal that gave the values, as busd saw its key, where busd sealed them and the seal is whole.
  ///
  /// It says who vouches for the values. It is no login: nothing that a context holds lets anybody in anywhere.
  public internal(set) var giver: Name?

  /// A context of its parts.
  public init(
    values: JSONObject = [:], causation: Causation? = nil, correlation: CorrelationID? = nil,
    trace: TraceContext? = nil
  ) {
    self.values = values
    self.causation = causation
    self.correlation = correlation
    self.trace = trace
  }

  /// The context of this task; empty outside of any.
  @TaskLocal public static var current = BusContext()

  /// Runs the body with more values; those of the same name are replaced. Afterwards all is as before.
  @discardableResult
  public static func with<R>(
    _ values: JSONObject, trace: TraceContext? = nil, _ body: () async throws -> R
  ) async rethrows -> R {
    var context = current
    for member in values.members { context.values[member.key] = member.value }
    context.trace = trace ?? context.trace
    return try await $current.withValue(context) { try await body() }
  }

  /// The same for code that does not wait.
  @discardableResult
  public static func with<R>(
    _ values: JSONObject, trace: TraceContext? = nil, _ body: () throws -> R
  ) rethrows -> R {
    var context = current
    for member in values.members { context.values[member.key] = member.value }
    context.trace = trace ?? context.trace
    return try $current.withValue(context) { try body() }
  }

  /// The headers of an event that is published here. Without a chain it begins one.
  func headers(source: String) -> EventHeaders {
    EventHeaders(
      source: source, trace: trace, causation: causation, correlation: correlation,
      context: values.members.isEmpty ? nil : values)
  }

  /// The cause of a job that is enqueued here.
  func cause(source: String, job: JobID) -> JobCause {
    var cause = JobCause(
      correlation: correlation ?? CorrelationID(high: job.high, low: job.low), trace: trace,
      context: values.members.isEmpty ? nil : values, source: source)
    switch causation {
    case .event(let id): cause.event = id
    case .job(let id): cause.job = id
    case nil: break
    }
    return cause
  }
}
