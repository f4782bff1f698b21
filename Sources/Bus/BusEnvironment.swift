/// Where a client's publications and enqueues go. Services, subscriptions and workers are the same in all of them.
///
/// ```swift
/// configuration.environment = .suppress                      // once, for a client; or BUS_ENVIRONMENT=suppress
/// try await BusEnvironment.with(.suppress) { … }             // for what this task does in the body
/// ```
/// A fourth one needs no word: the real broker inside the test's process is `remote` with the configuration that
/// `InProcessBus` of BusTesting gives.
public enum BusEnvironment: Sendable {
  /// To busd, by way of the outbox.
  case remote
  /// To the engines that share this bus, in the caller's own process: no busd, no files.
  case inline(InlineBus)
  /// Nowhere: events, events to come and jobs are dropped and counted.
  case suppress

  /// To the engines that run in this process.
  public static var inline: BusEnvironment { .inline(.process) }

  /// What holds in this task, whatever the clients are configured for.
  @TaskLocal static var override: BusEnvironment?

  /// Runs the body with every client sending there; afterwards, and in other tasks, all is as before.
  @discardableResult
  public static func with<R>(_ environment: BusEnvironment, _ body: () async throws -> R) async rethrows -> R {
    try await $override.withValue(environment) { try await body() }
  }

  /// The same for code that does not wait.
  @discardableResult
  public static func with<R>(_ environment: BusEnvironment, _ body: () throws -> R) rethrows -> R {
    try $override.withValue(environment) { try body() }
  }

  /// What `BUS_ENVIRONMENT` says: `remote` when it says nothing.
  init(word: String?) throws(BusError) {
    switch word {
    case nil, "", "remote": self = .remote
    case "inline": self = .inline
    case "suppress": self = .suppress
    case let word?:
      throw BusError(
        code: "configuration", "\"\(word)\" is no environment",
        help: "set BUS_ENVIRONMENT to remote, inline or suppress")
    }
  }
}
