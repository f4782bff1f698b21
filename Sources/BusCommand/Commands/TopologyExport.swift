internal import ArgumentParser
internal import BusProtocol
internal import BusSupervisor
internal import BusTopology

/// `bus topology export`: the same for other supervisors.
struct TopologyExport: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "export", abstract: "Write a topology as units of systemd, or as a Procfile.",
    usage: "bus topology export --format <format> [<options>] [<file>]",
    discussion: """
      EXAMPLES  bus topology export --format systemd --unit bus-work
                bus topology export --format procfile
      """)

  enum Format: String, CaseIterable, ExpressibleByArgument {
    case systemd, procfile
  }

  enum Unit: String, CaseIterable, ExpressibleByArgument {
    case busd
    case work = "bus-work"
  }

  @Argument(help: "The file; else BUS_TOPOLOGY, else the only one in ./Topology.")
  var file: String?

  @Option(name: .shortAndLong, help: "systemd or procfile.")
  var format: Format

  @Option(help: "Only this unit: busd or bus-work.")
  var unit: Unit?

  @Option(help: ArgumentHelp("The user that the units run as; root without it.", valueName: "name"))
  var user: String?

  func run() async throws {
    let file = try TopologyChoice.requiredFile(named: file, environment: ProcessEnvironment.all)
    let topology = try TopologyChoice.topology(file)
    switch format {
    case .systemd: try Output.write(systemd(topology, file))
    case .procfile: try Output.write(lines: try procfile(topology, file))
    }
  }

  private func systemd(_ topology: Topology, _ file: String) -> String {
    let bus = BinaryPlaces.runningProgram ?? "/usr/bin/bus"
    let programs = bus.lastIndex(of: "/").map { String(bus[..<$0]) } ?? "/usr/bin"
    let units = SystemdUnits(topology, file: BinaryPlaces.resolved(file), programs: programs, user: user)
    switch unit {
    case .busd: return units.daemon
    case .work: return units.work
    case nil: return "# busd.service\n\(units.daemon)\n# bus-work.service\n\(units.work)"
    }
  }

  private func procfile(_ topology: Topology, _ file: String) throws -> [String] {
    let places = EngineCrew.places(file)
    var lines = ["busd: " + Self.shell(["busd", "--topology", file])]
    for engine in topology.engines {
      let workers = engine.workers
      var words = ["env", "BUS_CONCURRENCY=\(workers.concurrency)", "BUS_SHUTDOWN=\(workers.shutdown / .seconds(1))"]
      words += workers.environment.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }
      // One that is not built here will be somewhere in PATH there.
      words += [(try? places.find(engine.binary)) ?? engine.binary] + engine.arguments
      let line = "\(engine.name): " + Self.shell(words)
      guard !line.utf8.contains(UInt8(ascii: "\n")) else {
        throw CommandError(
          .badTopology, "engine \(engine.name) has a line feed in its arguments or environment", where: file,
          help: "a Procfile has no word for it: bus topology export --format systemd")
      }
      lines.append(line)
    }
    return lines
  }

  /// Words as the shell reads them.
  static func shell(_ words: [String]) -> String {
    words.map { word in
      let isPlain = word.utf8.allSatisfy { byte in
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
          UInt8(ascii: "0")...UInt8(ascii: "9"):
          true
        default: "_-./=:,@+".utf8.contains(byte)
        }
      }
      guard !isPlain || word.isEmpty else { return word }
      return "'" + word.split(separator: "'", omittingEmptySubsequences: false).joined(separator: "'\\''") + "'"
    }.joined(separator: " ")
  }
}
