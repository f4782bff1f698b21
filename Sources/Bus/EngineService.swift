internal import BusProtocol
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

extension Engine {
  /// Runs until the task is cancelled or a graceful shutdown begins.
  ///
  /// Then, in this order: no new work; what is mapped is stored, what runs may end within `BUS_SHUTDOWN` (25 s), the
  /// rest goes back; what was published is carried; goodbye.
  public func run() async throws {
    try check()
    let configuration = try configured()
    let manager = ServiceManager(configuration.variables)
    switch configuration.environment {
    case .remote: try await run(configuration, manager)
    case .inline(let bus): try await run(in: bus, manager)
    case .suppress:
      manager?.ready()
      await untilAskedToStop(manager)
    }
  }

  func check() throws(BusError) {
    guard problems.isEmpty else {
      throw BusError(
        code: "configuration", "engine \(name) cannot run", help: problems.joined(separator: "; "))
    }
  }

  private func run(_ configuration: BusConfiguration, _ manager: ServiceManager?) async throws {
    let settings = EngineSettings(configuration.variables)
    let hello = Hello(
      role: .engine, process: "\(name).\(settings.slot)@\(SystemFacts.hostName):\(getpid())", engine: name)
    let client = try BusClient(configuration, hello: hello, logger: logger)
    let isExhausted: Bool
    do {
      let services = try await makeServices()
      let hook = failureHook
      let runner = EngineRunner(
        declarations, services: services, concurrency: concurrency ?? settings.concurrency,
        port: try EnginePort(client),
        surroundings: RunSurroundings(
          engine: name, bus: client, logger: logger, middleware: client.middleware,
          witness: RunWitness(engine: name, configuration.variables, manager)),
        manager: manager, failures: hook.map { hook in FailureReports(logger: logger) { try await hook($0, services) } }
      )
      try await client.link.serve(runner)
      isExhausted = await untilAskedToStop(manager, or: runner)
      manager?.stopping()
      // In a task of its own: this one may be cancelled, which is no reason to leave work behind.
      await Task { await stop(runner, grace: settings.shutdownTime, manager) }.value
    } catch {
      await client.stop()
      throw error
    }
    await Task { await stop(client, manager) }.value
    if isExhausted {
      throw BusError(
        code: "exhausted", "all hands are taken by runs that did not stop after their time was over",
        help: "let each worker look for Task.isCancelled; the process is to be started again, as 'bus work' does")
    }
  }

  /// Does the work of a bus in this process as it comes; what fails is said in the log.
  private func run(in bus: InlineBus, _ manager: ServiceManager?) async throws {
    let wakes = bus.join(try await InlineEngine(self))
    let alarm = Alarm()
    manager?.ready()
    await cancelWhenGracefulShutdown {
      await withDiscardingTaskGroup { group in
        group.addTask { await manager?.keepBeating() }
        for await _ in wakes {
          // In a task of its own: this one may be cancelled, which is no reason to end a run in its middle.
          await Task { await bus.drain(logger) }.value
          alarm.set(at: bus.nextMoment) { bus.wake() }
        }
        group.cancelAll()
      }
    }
    alarm.cancel()
    bus.leave(name)
  }

  private func stop(_ runner: EngineRunner<Services>, grace: Duration, _ manager: ServiceManager?) async {
    await withDiscardingTaskGroup { group in
      group.addTask { await manager?.keepBeating() }
      await runner.stop(grace: grace)
      group.cancelAll()
    }
  }

  /// Returns whether the runner has no hand left.
  private func untilAskedToStop(_ manager: ServiceManager?, or runner: EngineRunner<Services>) async -> Bool {
    await cancelWhenGracefulShutdown {
      await withTaskGroup(of: Void.self) { group in
        group.addTask { await manager?.keepBeating() }
        await runner.untilExhausted()
        let isExhausted = !Task.isCancelled
        group.cancelAll()
        return isExhausted
      }
    }
  }

  /// Carries what is left: that takes its time too, and is no reason to seem dead.
  private func stop(_ client: BusClient, _ manager: ServiceManager?) async {
    await withDiscardingTaskGroup { group in
      group.addTask { await manager?.keepBeating() }
      await client.stop()
      group.cancelAll()
    }
  }

  private func untilAskedToStop(_ manager: ServiceManager?) async {
    await cancelWhenGracefulShutdown {
      await manager?.keepBeating()
      // Nothing is ever sent: the stream ends with the task.
      for await _ in AsyncStream<Never>.makeStream().stream {}
    }
  }

  /// What an engine's executable does: answers `--bus-describe`, else runs until SIGTERM or SIGINT.
  ///
  /// A program of several engines chooses one, by an argument for instance, and calls this on it.
  public func main() async {
    if CommandLine.arguments.contains("--bus-describe") {
      let line = declaration.json.text + "\n"
      write(1, line, line.utf8.count)
      return
    }
    guard SupervisedProcess.endWithSupervisor(SystemFacts.environment) else { return }
    let service = ServiceGroupConfiguration.ServiceConfiguration(
      service: self, successTerminationBehavior: .gracefullyShutdownGroup,
      failureTerminationBehavior: .cancelGroup)
    let group = ServiceGroup(
      configuration: ServiceGroupConfiguration(
        services: [service], gracefulShutdownSignals: [.sigterm, .sigint], logger: logger))
    do { try await group.run() } catch {
      let line = "error: engine \(name) ended: \(error)\n"
      write(2, line, line.utf8.count)
      exit(1)
    }
  }
}
