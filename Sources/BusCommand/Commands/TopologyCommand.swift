internal import ArgumentParser
internal import BusProtocol
internal import BusSupervisor
internal import BusTopology

/// `bus topology`: what runs where.
struct TopologyCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "topology", abstract: "Check and show the topology file.",
    subcommands: [Check.self, Show.self, TopologyExport.self])

  struct Check: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "check", abstract: "Check a topology, alone and against what its binaries declare.",
      usage: "bus topology check [<options>] [<file>]",
      discussion: "EXAMPLE  bus topology check Topology/shop.yaml")

    @Argument(help: "The file; else BUS_TOPOLOGY, else the only one in ./Topology.")
    var file: String?

    @Flag(inversion: .prefixedNo, help: "Ask each binary what it declares (--bus-describe).")
    var binaries = true

    @OptionGroup var output: OutputOptions

    func run() async throws {
      let file = try TopologyChoice.requiredFile(named: file, environment: ProcessEnvironment.all)
      let topology: Topology
      do { topology = try Topology(contentsOf: file) } catch {
        try Output.write(lines: error.findings.map { output.json ? TopologyFindings.json($0).text : "\($0)" })
        let count = error.findings.count + error.omitted
        throw CommandError(
          .badTopology, "the topology has \(Brief.count(count, "mistake"))", where: file,
          help: "correct the file, and run: bus topology check \(file)")
      }
      let survey = binaries ? await EngineSurvey(topology: topology, file: file).advice() : []
      let advice = survey + TopologyCheck.access(topology)
      try Output.write(lines: advice.map { output.json ? TopologyFindings.json($0).text : "\($0)" })
      let count = advice.count { $0.level == .error }
      guard count == 0 else {
        throw CommandError(
          .badTopology, "the topology does not fit its binaries: \(Brief.count(count, "mistake"))", where: file,
          help: "correct the file or the engine, and run: bus topology check \(file)")
      }
      if !output.json { try Output.write(TopologyFindings.summary(topology, file: file) + "\n") }
    }
  }

  struct Show: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "show", abstract: "Show a topology with every default filled in.",
      usage: "bus topology show [<options>] [<file>]",
      discussion: """
        EXAMPLES  bus topology show Topology/shop.yaml
                  bus topology show --running
        """)

    @Argument(help: "The file; else BUS_TOPOLOGY, else the only one in ./Topology.")
    var file: String?

    @Flag(help: "Show the one that busd runs with.")
    var running = false

    @OptionGroup var output: OutputOptions
    @OptionGroup var connection: ConnectionOptions

    func run() async throws {
      if running { return try await showRunning() }
      let file = try TopologyChoice.requiredFile(named: file, environment: ProcessEnvironment.all)
      let text = TopologyText.shown(try TopologyChoice.topology(file))
      if output.json { return try Output.write(json: ["file": .string(file), "text": .string(text)]) }
      try Output.write(text)
    }

    private func showRunning() async throws {
      let output = output
      try await Connection.with(connection) { bus in
        let answer = try await bus.ask("topology")
        if output.json { return try Output.write(json: answer) }
        guard let text = answer["text"].flatMap(String.init(jsonValue:)) else {
          throw CommandError(
            .notFound, "busd runs without a topology", where: bus.endpoint, help: "start it with busd --topology FILE")
        }
        try Output.write(text.hasSuffix("\n") ? text : text + "\n")
      }
    }
  }
}
