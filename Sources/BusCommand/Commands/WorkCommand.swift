internal import ArgumentParser
internal import BusProtocol
internal import BusSupervisor
internal import BusTopology

/// `bus work`: the processes of the engines, or so many of any program.
struct WorkCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "work", abstract: "Run the engines' processes in the foreground, and keep them running.",
    usage: """
      bus work [<options>] [<engine> ...]
      bus work [<options>] -- <program> [<argument> ...]
      """,
    discussion: """
      A process that ends is started again. Ctrl-C or SIGTERM lets each finish \
      within its 'shutdown' time; a second Ctrl-C kills them. In another terminal: \
      bus ps, bus scale, bus upgrade, bus logs, bus stop.

      EXAMPLE  bus work account search --topology Topology/shop.yaml
               bus work -n 20 -- ./bin/work --verbose
               bus work --listen 127.0.0.1:8080 -n 4 -- ./bin/web
      """)

  @Argument(
    help: ArgumentHelp(
      "The engines; all of the topology when none is named. Behind '--' any program with its arguments.",
      valueName: "engine"))
  var words: [String] = []

  @Option(name: .customShort("n"), help: ArgumentHelp("How many processes of each.", valueName: "number"))
  var count: Int?

  @Option(help: ArgumentHelp("The programs of a Procfile, instead of engines.", valueName: "file"))
  var procfile: String?

  @Option(
    help: ArgumentHelp("Run a shell command for each job of --queue; see 'bus exec --help'.", valueName: "command"))
  var exec: String?

  @Option(help: ArgumentHelp("With --exec: the queue from which the jobs come.", valueName: "engine/queue"))
  var queue: String?

  @Option(help: ArgumentHelp("With --exec: the worker that the command is.", valueName: "name"))
  var worker: [String] = []

  @OptionGroup var choice: TopologyOptions

  @Option(help: "Where busd listens; else BUS_ENDPOINT, else as the topology says.")
  var endpoint: String?

  @Option(
    help: ArgumentHelp(
      "When a process counts as ready: after so long, or at its own 'message' (READY=1).", valueName: "time"))
  var ready: ReadyChoice?

  @Option(help: ArgumentHelp("How long a process may take to end: 30s.", valueName: "duration"))
  var killAfter: Patience?

  @Option(help: ArgumentHelp("How much the processes give way to others: 0 to 19.", valueName: "number"))
  var nice: Int?

  @Option(
    help: ArgumentHelp(
      "Where the processes accept connections: bound once, handed to each. May be repeated.", valueName: "address"),
    transform: WorkCommand.address)
  var listen: [ListenAddress] = []

  @OptionGroup var supervisor: SupervisorOptions
  @OptionGroup var output: ForegroundOptions

  @Flag(help: .hidden) var takeoverCheck = false

  /// What stands behind `--`: the parser says nothing about where that was.
  private var program: [String] {
    CommandLine.arguments.firstIndex(of: "--").map { Array(CommandLine.arguments[($0 + 1)...]) } ?? []
  }

  private var engines: [String] { words.dropLast(program.count) }

  func validate() throws {
    if let count, !(0...ScaleChange.maximum).contains(count) {
      throw ValidationError("-n \(count): there can be 0 to \(ScaleChange.maximum) processes")
    }
    if let nice, !(0...19).contains(nice) { throw ValidationError("--nice \(nice): it is 0 to 19") }
    if !engines.isEmpty, !program.isEmpty {
      throw ValidationError("engines and a program behind '--' do not go together")
    }
    if exec != nil, !words.isEmpty { throw ValidationError("--exec takes neither engines nor a program behind '--'") }
    if exec != nil, queue == nil || worker.isEmpty { throw ValidationError("--exec needs --queue and --worker") }
    if procfile != nil, exec != nil || !program.isEmpty {
      throw ValidationError("--procfile goes with neither --exec nor a program behind '--'")
    }
    if !listen.isEmpty, engines.count != 1, program.isEmpty {
      throw ValidationError("--listen goes with one engine, or a program behind '--'")
    }
    if exec == nil, queue != nil || !worker.isEmpty { throw ValidationError("--queue and --worker go with --exec") }
  }

  func run() async throws {
    ProcessPrivacy.keepFilesPrivate()
    var environment: [String: String] = [:]
    environment["BUS_ENDPOINT"] = endpoint
    var definitions: [ProcessDefinition]
    if let exec, let queue {
      definitions = [try EngineCrew.jobProgram(exec, queue: queue, workers: worker)]
    } else if let procfile {
      definitions = try EngineCrew.procfile(procfile, programs: engines)
    } else if !program.isEmpty {
      definitions = [try EngineCrew.program(program)]
    } else {
      let topology: Topology
      (topology, definitions) = try engineDefinitions()
      environment["BUS_ENDPOINT"] =
        endpoint ?? ProcessEnvironment.all["BUS_ENDPOINT"] ?? topology.bus.publish?.description
    }
    for index in definitions.indices { adjust(&definitions[index]) }
    guard !takeoverCheck else { return try Self.consent(definitions) }
    let handover = try Self.handover()
    let control = try supervisor.control(resuming: handover)
    try await Foreground(definitions, environment: environment, color: output.color).run(
      control: control, scales: supervisor.scales,
      succession: Foreground.Succession(handover: handover, check: Self.check))
  }

  /// The words with which the program that is to go on is asked whether it can.
  private static var check: [String] {
    var words = Array(CommandLine.arguments.dropFirst())
    words.insert("--takeover-check", at: words.firstIndex(of: "work").map { $0 + 1 } ?? 0)
    return words
  }

  private static func consent(_ definitions: [ProcessDefinition]) throws {
    do throws(SupervisorError) {
      let handover = try Handover.offered()
      try handover.check(definitions)
      try ListenSockets.check(definitions, handover)
    } catch {
      throw SupervisorOptions.failure(error, where: "bus work --takeover-check")
    }
    try Output.write(lines: [Replacement.consent(version: ProjectVersion.text)])
  }

  private static func handover() throws -> Handover? {
    do throws(SupervisorError) { return try Handover.received(ProcessEnvironment.all) } catch {
      throw SupervisorOptions.failure(error, where: "bus work")
    }
  }

  private func engineDefinitions() throws -> (Topology, [ProcessDefinition]) {
    let file = try TopologyChoice.requiredFile(named: choice.topology, environment: ProcessEnvironment.all)
    let topology = try TopologyChoice.topology(file)
    let definitions = try EngineCrew.definitions(topology, file: file, engines: engines)
    guard !definitions.isEmpty else {
      throw CommandError(
        .configuration, "the topology has no engine", where: file, help: "add one: bus topology check \(file)")
    }
    return (topology, definitions)
  }

  private static func address(_ text: String) throws -> ListenAddress {
    guard let address = ListenAddress(text) else {
      throw ValidationError("it \(ListenAddress.problem(with: text) ?? "is no address")")
    }
    return address
  }

  private func adjust(_ definition: inout ProcessDefinition) {
    // A number that is named is meant.
    if let count { (definition.count, definition.autoscaling) = (count, nil) }
    if let nice { definition.niceness = Int32(nice) }
    if let ready { definition.readiness = ready.readiness }
    if let killAfter { definition.grace = killAfter.duration }
    if !listen.isEmpty { definition.listen = listen }
  }
}

/// `message`, or a time.
struct ReadyChoice: ExpressibleByArgument {
  var readiness: Readiness

  init?(argument: String) {
    if argument == "message" {
      readiness = .message
    } else {
      guard let duration = Duration(words: argument) else { return nil }
      readiness = .after(duration)
    }
  }
}

/// How lines of processes are shown.
struct ForegroundOptions: ParsableArguments {
  @Option(help: ArgumentHelp("When to colour.", valueName: "when"))
  var color = Terminal.Color.auto
}
