public import BusProtocol

/// What failed in an ``InlineBus`` since it was drained last: mappings and runs, in their order.
public struct WorkFailure: Error, Sendable, CustomStringConvertible {
  /// One mapping or run that threw.
  public struct Failure: Sendable {
    /// What it was: `search.IndexUser`, or the subscription `search/user_changed`.
    public let what: String
    /// The job whose run failed; nil for a mapping.
    public let job: JobID?
    /// What was thrown.
    public let error: any Error
  }

  /// All of them, the first one first; never empty.
  public let failures: [Failure]

  /// Nil when nothing failed.
  package init?(_ failures: [Failure]) {
    guard !failures.isEmpty else { return nil }
    self.failures = failures
  }

  /// Each with its error, separated by semicolons.
  public var description: String { failures.map { "\($0.what) failed: \($0.error)" }.joined(separator: "; ") }
}
