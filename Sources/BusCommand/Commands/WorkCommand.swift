internal import ArgumentParser
internal import BusProtocol
internal import BusSupervisor
internal import BusTopology

/// `bus work`: the processes of the engines.
struct WorkCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "work", abstract: "Run the engines' processes in the foreground, and keep them running.",
    usage: "bus work [<options>] [<engine> ...]",
    discussion: """
      A process that ends is started again. Ctrl-C or SIGTERM lets each finish \
      within its 'shutdown' time; a second Ctrl-C kills them.

      EXAMPLE  bus work account search --topology Topology/shop.yaml
      """)

  @Argument(help: ArgumentHelp("The engines; all of the topology when none is named.", valueName: "engine"))
  var engines: [String] = []

  @OptionGroup var choice: TopologyOptions

  @Option(help: "Where busd listens; else BUS_ENDPOINT, else as the topology says.")
  var endpoint: String?

  @OptionGroup var output: ForegroundOptions

  func run() async throws {
    let file = try TopologyChoice.requiredFile(named: choice.topology, environment: ProcessEnvironment.all)
    let topology = try TopologyChoice.topology(file)
    let definitions = try EngineCrew.definitions(topology, file: file, engines: engines)
    guard !definitions.isEmpty else {
      throw CommandError(
        .configuration, "the topology asks for no process here", where: file, help: "set 'workers: { processes: 1 }'")
    }
    var environment: [String: String] = [:]
    environment["BUS_ENDPOINT"] =
      endpoint ?? ProcessEnvironment.all["BUS_ENDPOINT"] ?? topology.bus.publish?.description
    try await Foreground(definitions, environment: environment, color: output.color).run()
  }
}

/// How lines of processes are shown.
struct ForegroundOptions: ParsableArguments {
  @Option(help: ArgumentHelp("When to colour.", valueName: "when"))
  var color = Terminal.Color.auto
}
