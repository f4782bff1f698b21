internal import ArgumentParser
internal import BusProtocol
internal import BusSupervisor
internal import BusTopology

/// `bus demo`: the worked example, run and checked.
struct DemoCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "demo",
    abstract: "Run the worked example on real data, kill a worker in the middle, check the result.",
    usage: "bus demo [<options>]",
    discussion: """
      Everything is kept in a temporary directory that goes with the command, \
      unless --state-dir keeps it.

      EXAMPLE  bus demo --topology Topology/shop.yaml
      """)

  @OptionGroup var choice: TopologyOptions

  @Option(
    help: ArgumentHelp(
      "Where the spool, the jobs and the shop's databases are kept, also afterwards.", valueName: "directory"))
  var stateDir: String?

  func run() async throws {
    let file = try TopologyChoice.requiredFile(named: choice.topology, environment: ProcessEnvironment.all)
    let places = EngineCrew.places(file)
    let bed = try DevBed(stateDirectory: stateDir)
    defer { bed.remove() }
    let demo = Demo(bed, shop: try Self.shop(places))
    let engines = try EngineCrew.definitions(try TopologyChoice.topology(file), file: file, stage: 1)
    let definitions = [try bed.daemon(topology: file, places: places)] + engines
    guard try await demo.run(definitions) else { throw ExitCode(1) }
  }

  private static func shop(_ places: BinaryPlaces) throws -> String {
    do { return try places.find("shop") } catch {
      throw CommandError(.configuration, error.message, where: "bus demo", help: "build it with 'swift build'")
    }
  }
}
