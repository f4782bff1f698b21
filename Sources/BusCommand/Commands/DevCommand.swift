internal import ArgumentParser
internal import BusProtocol
internal import BusSupervisor
internal import BusTopology

/// `bus dev`: a whole bus for a while.
struct DevCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "dev", abstract: "Run busd and all engines in the foreground; one Ctrl-C ends them.",
    usage: "bus dev [<options>]",
    discussion: """
      Without --state-dir everything is kept in a temporary directory that goes \
      with the command.

      EXAMPLE  bus dev --topology Topology/shop.yaml
      """)

  @OptionGroup var choice: TopologyOptions

  @Option(help: ArgumentHelp("Where the spool and the jobs are kept, also afterwards.", valueName: "directory"))
  var stateDir: String?

  @OptionGroup var output: ForegroundOptions

  func run() async throws {
    ProcessPrivacy.keepFilesPrivate()
    let file = try TopologyChoice.file(named: choice.topology, environment: ProcessEnvironment.all)
    let bed = try DevBed(stateDirectory: stateDir)
    do {
      try await serve(file, bed)
    } catch {
      bed.remove()
      throw error
    }
    bed.remove()
  }

  private func serve(_ file: String?, _ bed: DevBed) async throws {
    var definitions = [try bed.daemon(topology: file, places: EngineCrew.places(file))]
    if let file {
      definitions += try EngineCrew.definitions(try TopologyChoice.topology(file), file: file, stage: 1)
    } else {
      Output.say("no topology file: busd alone; name one with --topology FILE")
    }
    let control = try SupervisorOptions.control(directory: bed.runtimeDirectory)
    try await Foreground(definitions, environment: bed.environment, color: output.color) { process, line in
      if process == DevBed.daemonName, line.hasPrefix(DevBed.readyPrefix) { Output.say(bed.welcome) }
    }.run(control: control)
  }
}
