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

  /// Where programs are looked for.
  static func places(_ file: String?) -> BinaryPlaces {
    BinaryPlaces(program: BinaryPlaces.runningProgram, topologyFile: file, path: ProcessEnvironment.all["PATH"])
  }
}
