internal import BusProtocol
internal import BusSupervisor
internal import BusTopology

/// The processes of a topology's engines, with errors in the words of the command line.
enum EngineCrew {
  /// The processes of the named engines, of all for none.
  static func definitions(
    _ topology: Topology, file: String, engines: [String] = [], stage: Int = 0
  ) throws -> [ProcessDefinition] {
    do {
      var names: [Name] = []
      for engine in engines { names.append(try Name(engine, of: "engine")) }
      return try EngineProcesses.definitions(topology, engines: names, places: places(file), stage: stage)
    } catch let error as SupervisorError {
      let code: CommandError.Code = error.code == .unknownEngine ? .notFound : .configuration
      throw CommandError(code, error.message, where: file, help: error.help)
    } catch let error as ProtocolError {
      throw CommandError(.usage, error.message, where: "bus work", help: "bus topology show \(file)")
    }
  }

  /// Any program, looked for as a shell does it, and called by its name.
  static func program(_ words: [String]) throws -> ProcessDefinition {
    guard let word = words.first, !word.isEmpty else {
      throw CommandError(.usage, "no program behind '--'", where: "bus work", help: "bus work -n 4 -- ./bin/work")
    }
    let places = BinaryPlaces(program: nil, topologyFile: nil, path: ProcessEnvironment.all["PATH"])
    do throws(SupervisorError) {
      let path = try places.find(word)
      let name = path.split(separator: "/").last.map(String.init) ?? path
      return ProcessDefinition(name: name, executable: path, arguments: Array(words.dropFirst()))
    } catch {
      throw CommandError(.configuration, error.message, where: "bus work -- \(word)", help: "correct its path, or PATH")
    }
  }

  /// The named programs of a Procfile, all for none.
  static func procfile(_ file: String, programs: [String]) throws -> [ProcessDefinition] {
    let definitions: [ProcessDefinition]
    do throws(SupervisorError) {
      definitions = try Procfile(try TextFile.read(file), file: file).definitions
    } catch {
      throw CommandError(.badData, error.message, where: file, help: error.help)
    }
    let known = definitions.map(\.name)
    for name in programs where !known.contains(name) {
      throw CommandError(
        .notFound, "the Procfile has no program '\(name)'", where: file,
        help: "it has: \(known.joined(separator: ", "))")
    }
    let meant = definitions.filter { programs.isEmpty || programs.contains($0.name) }
    guard !meant.isEmpty else {
      throw CommandError(.configuration, "the Procfile has no program", where: file, help: "add 'worker: ./bin/work'")
    }
    return meant
  }

  /// Processes of this very program that run a shell command for each job.
  static func jobProgram(_ command: String, queue: String, workers: [String]) throws -> ProcessDefinition {
    guard let bus = BinaryPlaces.runningProgram else {
      throw CommandError(.system, "this program's own path is unknown", where: "bus work --exec", help: "mount /proc")
    }
    let workers = workers.flatMap { ["--worker", $0] }
    return ProcessDefinition(
      name: String(queue.prefix { $0 != "/" }), executable: bus,
      arguments: ["exec", "--queue", queue] + workers + ["--", "/bin/sh", "-c", command], readiness: .message)
  }

  /// Where programs are looked for.
  static func places(_ file: String?) -> BinaryPlaces {
    BinaryPlaces(program: BinaryPlaces.runningProgram, topologyFile: file, path: ProcessEnvironment.all["PATH"])
  }
}
