internal import ArgumentParser
internal import BusBroker
internal import BusProtocol
internal import BusStore
internal import BusTopology
internal import CProcess
internal import Logging
internal import ServiceLifecycle
internal import UnixSignals

#if canImport(Glibc)
  @preconcurrency internal import Glibc
#elseif canImport(Musl)
  @preconcurrency internal import Musl
#else
  @preconcurrency internal import Darwin
#endif

/// Where the program begins.
@main
enum Entry {
  static func main() async {
    // While there is one thread: those that have memory of their own keep it.
    bus_memory_share()
    await Busd.main()
  }
}

/// The router daemon: reads its options, opens what is on disk, and runs until it is told to stop.
struct Busd: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "busd",
    abstract: "The bus: writes each event to disk before it says yes, hands it to who listens, and keeps the jobs.",
    usage: "busd [<options>]",
    discussion: """
      With no options it listens on sockets in the runtime directory and keeps its \
      files in the state directory: one machine needs nothing else. Stop it with \
      SIGTERM or Ctrl-C; killing it loses nothing it said yes to.

      EXAMPLE      busd --topology Topology/shop.yaml
      EXIT STATUS  0 stopped, 64 usage, 65 damaged or bad data, 69 already
                   running, 74 disk failed, 78 configuration
      """,
    version: "busd \(ProjectVersion.text)")

  @OptionGroup var options: Options

  func run() async throws {
    do {
      try await serve()
    } catch let error as BrokerError {
      throw Busd.exit(saying: error.message, help: error.help, code: error.exitCode)
    } catch let error as TopologyError {
      throw Busd.exit(saying: "\(error)", help: "see the positions above", code: 65)
    }
  }

  private func serve() async throws {
    ProcessPrivacy.keepFilesPrivate()
    if !options.coreDumps, !ProcessPrivacy.writeNoCore() {
      write(2, "busd: the limit of core dumps stays as it is\n", 45)
    }
    // Under a supervisor (`bus dev`) it ends with it; where that has ended already, there is nobody to serve.
    if let supervisor = ProcessEnvironment.all["BUS_SUPERVISED"].flatMap({ Int32($0) }), supervisor > 0,
      bus_end_with(supervisor) == 1
    {
      return
    }
    Busd.raiseFileLimit()
    let configuration = try options.brokerConfiguration(
      environment: ProcessEnvironment.all, userID: getuid(), processID: getpid())
    let countsMemory = !SQLiteProcess.countNoMemory()
    var logger = Logger(label: "busd", factory: { StreamLogHandler.standardError(label: $0) })
    logger.logLevel = options.verbose ? .debug : .notice
    if countsMemory { logger.notice("SQLite was in use before the store: it goes on counting its memory") }
    let broker = try Broker(
      configuration, logger: logger, now: { SystemClock.now() }, random: { .random(in: .min ... .max) },
      rested: { bus_memory_trim() })
    let group = ServiceGroup(
      configuration: ServiceGroupConfiguration(
        services: [
          .init(
            service: BrokerService(broker: broker, topologyFile: configuration.topologyFile, logger: logger),
            successTerminationBehavior: .gracefullyShutdownGroup,
            failureTerminationBehavior: .cancelGroup)
        ],
        gracefulShutdownSignals: [.sigterm, .sigint], logger: logger))
    try await group.run()
  }

  /// A listener at its limit of files serves nobody new: take what the system allows.
  private static func raiseFileLimit() {
    var limit = rlimit()
    guard getrlimit(fileLimitResource, &limit) == 0, limit.rlim_cur < limit.rlim_max else { return }
    limit.rlim_cur = min(limit.rlim_max, 1 << 20)
    if setrlimit(fileLimitResource, &limit) != 0 {
      write(2, "busd: the limit of open files stays as it is\n", 45)
    }
  }

  private static func exit(saying message: String, help: String, code: Int32) -> ExitCode {
    let text = "error: \(message)\n  help:  \(help)\n"
    write(2, text, text.utf8.count)
    return ExitCode(code)
  }
}

#if canImport(Glibc)
  private let fileLimitResource = __rlimit_resource_t(RLIMIT_NOFILE.rawValue)
#else
  private let fileLimitResource = RLIMIT_NOFILE
#endif

/// The broker as a service: graceful shutdown is its stop.
private struct BrokerService: Service {
  let broker: Broker
  let topologyFile: String?
  let logger: Logger

  func run() async throws {
    // Trapped before it is ready: until then SIGHUP would end it.
    let hangups = await UnixSignalsSequence(trapping: .sighup)
    try await withThrowingTaskGroup { group in
      group.addTask { for await _ in hangups { await reload() } }
      try await serve()
      group.cancelAll()
    }
  }

  /// SIGHUP: keys and rules anew, the old ones where a file is wrong.
  private func reload() async {
    do {
      try await broker.reload(access: try topologyFile.map { try Topology(contentsOf: $0) }?.access)
    } catch {
      logger.error("keys and rules stay as they were", metadata: ["error": "\(error)"])
    }
  }

  private func serve() async throws {
    try await broker.run(
      ready: {
        // What was needed to read what is on disk is not needed any more.
        bus_memory_trim()
        let endpoints = broker.endpoints
        let line = "busd ready requests=\(endpoints.requests) live=\(endpoints.live) intake=\(endpoints.intake)\n"
        write(2, line, line.utf8.count)
      },
      untilStopped: {
        // Also returns when the task is cancelled, which is the other way to stop.
        try? await gracefulShutdown()
      })
  }
}

/// The system's wall clock.
private enum SystemClock {
  static func now() -> Timestamp {
    var time = timespec()
    clock_gettime(CLOCK_REALTIME, &time)
    return Timestamp(microseconds: Int64(time.tv_sec) * 1_000_000 + Int64(time.tv_nsec) / 1000)
  }
}
