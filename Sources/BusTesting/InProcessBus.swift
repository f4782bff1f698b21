public import Bus
internal import BusBroker
internal import BusProtocol
internal import BusTopology
public import Logging
internal import Synchronization

#if canImport(FoundationEssentials)
  internal import FoundationEssentials
#else
  internal import Foundation
#endif
#if canImport(Glibc)
  @preconcurrency internal import Glibc
#else
  @preconcurrency internal import Darwin
#endif

/// A real busd inside the test's process: the same broker, spool and store as in production, in a directory of its own.
///
/// ```swift
/// try await InProcessBus.run { bus in
///   let client = try bus.client()
///   …
/// }
/// ```
/// Each one has its own directory and sockets, so tests run beside each other.
public final class InProcessBus: Sendable {
  /// The directory of everything: removed when the bus ends.
  public let directory: String

  private static let count = Atomic<Int>(0)

  private init() throws {
    // Short: the path of an ipc socket has at most 107 bytes.
    let number = InProcessBus.count.wrappingAdd(1, ordering: .relaxed).newValue
    directory = "/tmp/bus-test-\(getpid())-\(number)"
    for name in ["", "/run", "/state"] where mkdir(directory + name, 0o700) != 0 {
      throw BrokerError(
        .configuration, "the directory \(directory)\(name) cannot be made: errno \(errno)", help: "remove it")
    }
  }

  /// Starts a bus, runs the body, and ends the bus; `topology` is the text of a topology file.
  public static func run<R: Sendable>(
    topology: String? = nil, logLevel: Logger.Level = .error,
    _ body: @Sendable @escaping (InProcessBus) async throws -> R
  ) async throws -> R {
    let bus = try InProcessBus()
    defer { try? FileManager.default.removeItem(atPath: bus.directory) }
    var logger = Logger(label: "busd", factory: { StreamLogHandler.standardError(label: $0) })
    logger.logLevel = logLevel
    var configuration = BrokerConfiguration(
      endpoints: BrokerEndpoints(BusDirectories(environment: bus.environment(), userID: getuid())),
      stateDirectory: "\(bus.directory)/state",
      topology: try topology.map { try Topology(parsing: $0, file: "topology.yaml") }, processID: getpid())
    // Who holds a job here is this very process: where it stands still, in a debugger or on a busy machine, nobody is lost.
    configuration.lease = .seconds(300)
    let broker = try Broker(
      configuration, logger: logger, now: { InProcessBus.now() }, random: { .random(in: .min ... .max) })
    let (stop, stopped) = AsyncStream<Void>.makeStream()
    let (started, isReady) = AsyncStream<Void>.makeStream()
    return try await withThrowingTaskGroup(of: R?.self) { group in
      group.addTask {
        try await broker.run(ready: { isReady.finish() }, untilStopped: { for await _ in stop {} })
        return nil
      }
      group.addTask {
        for await _ in started {}
        defer { stopped.finish() }
        return try await body(bus)
      }
      var result: R?
      for try await value in group { result = result ?? value }
      guard let result else { throw CancellationError() }
      return result
    }
  }

  /// What a client or an engine needs to know to be of this bus.
  public func configuration(service: String = "test") throws -> BusConfiguration {
    try BusConfiguration(environment: environment(service: service))
  }

  private func environment(service: String = "test") -> [String: String] {
    ["BUS_STATE_DIR": "\(directory)/state", "BUS_RUNTIME_DIR": "\(directory)/run", "BUS_SERVICE": service]
  }

  private static func now() -> Timestamp {
    var time = timespec()
    clock_gettime(CLOCK_REALTIME, &time)
    return Timestamp(microseconds: Int64(time.tv_sec) * 1_000_000 + Int64(time.tv_nsec) / 1000)
  }
}
