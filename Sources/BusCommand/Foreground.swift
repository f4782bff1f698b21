internal import ArgumentParser
internal import Bus
internal import BusSupervisor

/// Supervises processes in the foreground, with their lines on standard output and our own words on standard error.
struct Foreground: Sendable {
  private let definitions: [ProcessDefinition]
  private let environment: [String: String]
  private let color: Terminal.Color
  private let listen: @Sendable (_ process: String, _ line: String) -> Void

  /// Processes, what is in the environment of all, and who else hears their lines.
  init(
    _ definitions: [ProcessDefinition], environment: [String: String], color: Terminal.Color,
    listen: @escaping @Sendable (_ process: String, _ line: String) -> Void = { _, _ in }
  ) {
    self.definitions = definitions
    self.environment = environment
    self.color = color
    self.listen = listen
  }

  /// What another program left that ran in this process, and with which words the next one is asked; nil for what is
  /// not replaced.
  struct Succession: Sendable {
    var handover: Handover?
    var check: [String]
  }

  /// Runs until a signal or a wish ends it; exits with 130 after Ctrl-C.
  func run(
    control: ControlServer? = nil, scales: ScaleFile? = nil, succession: Succession? = nil
  ) async throws {
    let signals = try Signals.taken(
      hangup: succession == nil ? .end : .upgradeWithoutTerminal, resuming: succession?.handover)
    let all = ProcessEnvironment.all
    let output = SupervisorText(definitions, paint: Terminal(descriptor: 1, color: color, environment: all).paint)
    let words = SupervisorText(definitions, paint: Terminal(descriptor: 2, color: color, environment: all).paint)
    let environment = all.merging(environment) { $1 }
    let alerts = AlertOutlet(environment)
    let watch = definitions.contains { $0.autoscaling != nil } ? LoadWatch(environment) : nil
    let sockets: ListenSockets
    do throws(SupervisorError) {
      sockets =
        if let handover = succession?.handover { try ListenSockets(for: definitions, resuming: handover) } else {
          try ListenSockets(for: definitions, environment: all)
        }
    } catch {
      throw CommandError(.system, error.message, where: "bus work", help: error.help)
    }
    let replacement = succession.map {
      Replacement(arguments: CommandLine.arguments, check: $0.check, environment: all, signals: signals)
    }
    let supervisor = Supervisor(
      definitions, environment: environment, scales: scales, sockets: sockets, replacement: replacement,
      resuming: succession?.handover, alert: { alerts.send($0) }
    ) { line in
      switch line {
      case .output(let process, let text):
        listen(process, text)
        // Nobody reads any more: there is nothing left to run for in the foreground.
        do { try Output.write(lines: [output.text(line)]) } catch { signals.wish(.gracefully) }
      case .notice: Output.say(words.text(line))
      }
    }
    // Awaited below: what happened last is told too.
    let outlet = Task { await alerts.run() }
    let outcome = await Self.told(ServiceManager(all), watch) {
      await supervisor.run(until: signals.wishes, control: control, loads: watch?.loads)
    }
    alerts.end()
    await outlet.value
    switch outcome {
    case .stopped: if signals.exitStatus != 0 { throw ExitCode(signals.exitStatus) }
    case .failed(let process):
      throw CommandError(
        .processFailed, "\(process) ended before it was ready", where: process,
        help: "its own words stand above; mend it and run the same command again")
    }
  }

  /// Tells who started this very process that it is up, and that it is alive; asks for the loads meanwhile.
  private static func told(
    _ manager: ServiceManager?, _ watch: LoadWatch?, _ run: @escaping @Sendable () async -> Supervisor.Outcome
  ) async -> Supervisor.Outcome {
    manager?.ready()
    return await withTaskGroup(of: Supervisor.Outcome?.self) { group in
      group.addTask {
        await manager?.keepBeating()
        return nil
      }
      group.addTask {
        await watch?.run()
        return nil
      }
      group.addTask { await run() }
      var outcome: Supervisor.Outcome?
      while outcome == nil, let next = await group.next() { outcome = next }
      group.cancelAll()
      return outcome ?? .stopped
    }
  }
}
