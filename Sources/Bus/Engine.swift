public import BusProtocol
internal import CProcess
public import Logging
public import ServiceLifecycle
internal import UnixSignals

#if canImport(Glibc)
  @preconcurrency internal import Glibc
#elseif canImport(Musl)
  @preconcurrency internal import Musl
#else
  @preconcurrency internal import Darwin
#endif

/// One application's part of the bus: which topics lead to which workers, and what the workers need.
///
/// ```swift
/// let search = Engine("search", services: SearchServices.live) {
///   Subscription("user_changed") { event in IndexUser(userID: try event["id"]) }
/// }
/// await search.main()
/// ```
/// Queues, priorities and numbers are wired by the topology that busd has; the binary needs none.
public struct Engine<Services: Sendable>: Service {
  /// Its name: queues, subscriptions and locks are named under it.
  public let name: Name

  private let makeServices: @Sendable () async throws -> Services
  private let configuration: BusConfiguration?
  private let concurrency: Int?
  private let logger: Logger
  let declarations: EngineDeclarations<Services>

  /// Declares an engine. The services are made when it runs, not when it is declared.
  ///
  /// - Parameters:
  ///   - configuration: where the bus is; from the environment when nil.
  ///   - concurrency: how many jobs run at once; `BUS_CONCURRENCY`, else the topology's number, when nil.
  public init(
    _ name: Name, services: @autoclosure @escaping @Sendable () throws -> Services,
    configuration: BusConfiguration? = nil, concurrency: Int? = nil, logger: Logger = Logger(label: "bus.engine"),
    @EngineBuilder<Services> _ declarations: () -> EngineDeclarations<Services>
  ) {
    self.name = name
    makeServices = { try services() }
    self.configuration = configuration
    self.concurrency = concurrency
    self.logger = logger
    self.declarations = declarations()
  }

  /// Declares an engine whose workers need nothing.
  public init(
    _ name: Name, configuration: BusConfiguration? = nil, concurrency: Int? = nil,
    logger: Logger = Logger(label: "bus.engine"),
    @EngineBuilder<Void> _ declarations: () -> EngineDeclarations<Void>
  ) where Services == Void {
    self.init(
      name, services: (), configuration: configuration, concurrency: concurrency, logger: logger, declarations)
  }

  /// What the engine declares: what `--bus-describe` prints, and `bus topology check` asks for.
  public var declaration: EngineDeclaration {
    EngineDeclaration(
      engine: name,
      subscriptions: declarations.subscriptions.map {
        EngineDeclaration.Subscription(name: $0.name, patterns: $0.patterns, queue: $0.queue ?? .defaultQueue)
      },
      workers: declarations.workers.map {
        EngineDeclaration.Worker(name: $0.name, queue: $0.queue, inputs: $0.inputs)
      })
  }

  /// Runs until the task is cancelled or a graceful shutdown begins. Then: nothing new, what runs ends within
  /// `BUS_SHUTDOWN` (25 s), the rest goes back.
  public func run() async throws {
    if let problem = declarations.problems.first {
      throw BusError(code: "configuration", "engine \(name) cannot run", help: problem)
    }
    let configuration = try configuration ?? BusConfiguration.fromEnvironment(service: name.text)
    let settings = EngineSettings(configuration.environment)
    let hello = Hello(
      role: .engine, process: "\(name).\(settings.slot)@\(SystemFacts.hostName):\(getpid())", engine: name)
    let client = try BusClient(configuration, hello: hello, logger: logger)
    do {
      let runner = EngineRunner(
        declarations, services: try await makeServices(), concurrency: concurrency ?? settings.concurrency,
        port: EnginePort(client), surroundings: RunSurroundings(engine: name, bus: client, logger: logger))
      await client.link.serve(runner)
      await untilStopped()
      await Task { await runner.stop(grace: settings.shutdown) }.value
    } catch {
      await client.stop()
      throw error
    }
    await Task { await client.stop() }.value
  }

  /// Returns when the task is cancelled, or a graceful shutdown begins.
  private func untilStopped() async {
    await cancelWhenGracefulShutdown {
      // Nothing is ever sent: the stream ends with the task.
      for await _ in AsyncStream<Never>.makeStream().stream {}
    }
  }

  /// What an engine's executable does: answers `--bus-describe`, else runs until SIGTERM or SIGINT.
  public func main() async {
    if CommandLine.arguments.contains("--bus-describe") {
      let line = declaration.json.text + "\n"
      write(1, line, line.utf8.count)
      return
    }
    Supervision.endWithParent(environment: SystemFacts.environment)
    let group = ServiceGroup(
      configuration: ServiceGroupConfiguration(
        services: [
          .init(
            service: self, successTerminationBehavior: .gracefullyShutdownGroup,
            failureTerminationBehavior: .cancelGroup)
        ], gracefulShutdownSignals: [.sigterm, .sigint], logger: logger))
    do { try await group.run() } catch {
      let line = "error: engine \(name) ended: \(error)\n"
      write(2, line, line.utf8.count)
      exit(1)
    }
  }
}

/// What the environment says to an engine's process.
struct EngineSettings {
  let slot: String
  let concurrency: Int?
  let shutdown: Duration

  init(_ environment: [String: String]) {
    slot = environment["BUS_SLOT"] ?? "1"
    concurrency = environment["BUS_CONCURRENCY"].flatMap(Int.init).map { max(1, $0) }
    shutdown = .seconds(environment["BUS_SHUTDOWN"].flatMap(Double.init).map { max(0, $0) } ?? 25)
  }
}

/// A worker process must not outlive its supervisor unseen.
enum Supervision {
  /// Under a supervisor, asks the kernel for SIGTERM when that ends; Linux only.
  static func endWithParent(environment: [String: String]) {
    #if os(Linux)
      guard environment["BUS_SUPERVISED"] == "1" else { return }
      let parent = getppid()
      bus_end_with_parent()
      // It may have ended before the request.
      if getppid() != parent || parent == 1 { kill(getpid(), SIGTERM) }
    #endif
  }
}

extension EnginePort {
  /// The engine's seam over a client's link.
  init(_ client: BusClient) {
    let link = client.link
    self.init(
      request: { request, answer in
        link.ask({ request.numbered($0) }) { result in
          switch result {
          case .success(.refused(_, let refusal)): answer(.failure(refusal))
          case .success(let reply): answer(.success(reply))
          case .failure(let error): answer(.failure(Refusal(code: error.code, message: error.message)))
          }
        }
      },
      say: { link.say($0) },
      follow: { patterns, offset in client.follow(patterns, after: offset) })
  }
}

extension Link {
  /// Tells a runner what busd says, from now on.
  func serve(_ runner: EngineRunner<some Sendable>) {
    _ = listen { event in
      switch event {
      case .up(let welcome): runner.sessionBegan(welcome)
      case .pushed(let reply): runner.received(reply)
      case .down: break
      }
    }
  }
}
