public import BusStore

/// What every job store promises, as rules to check: a store is done when it keeps them all.
///
/// ```swift
/// @Test(arguments: JobStoreConformance.rules)
/// func `the store keeps`(rule: JobStoreConformance.Rule) throws {
///   let directory = try TemporaryDirectory()
///   try rule.check { random in try MyStore(in: directory, random: random) }
/// }
/// ```
public enum JobStoreConformance {
  /// Opens the store of one check: empty the first time, then what was kept when it was closed.
  ///
  /// The closure that it is handed gives the chance for jitter, from 0 up to 1.
  public typealias Opening = (_ random: @escaping () -> Double) throws -> any JobStore

  /// One promise, with the check of it.
  public struct Rule: Sendable, CustomStringConvertible {
    /// The promise in a sentence; it begins with the row of the feature list that it shows, where there is one.
    public let name: String
    private let body: @Sendable (JobStoreBench) throws -> Void

    init(_ name: String, _ body: @escaping @Sendable (JobStoreBench) throws -> Void) {
      self.name = name
      self.body = body
    }

    /// Checks a store; throws ``Broken`` when the promise is not kept.
    public func check(_ open: @escaping Opening) throws {
      let bench = try JobStoreBench(open)
      try body(bench)
      try bench.checkInvariants()
      try bench.store.close()
    }

    /// The promise.
    public var description: String { name }
  }

  /// A promise that was not kept.
  public struct Broken: Error, CustomStringConvertible {
    /// What was expected, and what was.
    public let description: String
  }

  /// All promises.
  public static let rules: [Rule] =
    queueLockRules + workerLockRules + orderRules + resultRules + retryRules + scheduleRules + parkingRules
    + cursorRules + announcementRules + failureRules + mergePolicyRules + debounceRules + rerunRules + expiryRules
    + queueLimitRules + jobLimitRules + pauseRules + turnRules + changeRules + keepingRules
    + batchRules + chainRules + noteRules + insightRules + inboxRules
    + leaseRules + nextRules
}
