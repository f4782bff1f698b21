public import BusProtocol
public import BusTopology

/// The processes that a topology asks for.
public enum EngineProcesses {
  /// The processes of the named engines, of all for none: `search.1`, `search.2` …, in the order of the file.
  public static func definitions(
    _ topology: Topology, engines names: [Name] = [], places: BinaryPlaces, stage: Int = 0
  ) throws(SupervisorError) -> [ProcessDefinition] {
    for name in names where topology.engine(name) == nil {
      let known = topology.engines.map(\.name.text).joined(separator: ", ")
      throw SupervisorError(
        .unknownEngine, "the topology has no engine '\(name)'", help: "it has: \(known.isEmpty ? "none" : known)")
    }
    var definitions: [ProcessDefinition] = []
    for engine in topology.engines where names.isEmpty || names.contains(engine.name) {
      guard engine.workers.processes > 0 else { continue }
      let executable = try places.find(engine.binary)
      for slot in 1...engine.workers.processes {
        definitions.append(definition(engine, slot: slot, executable: executable, stage: stage))
      }
    }
    return definitions
  }

  /// What a process gets beyond its runs' time, to give back what did not end and to carry what it published: one that
  /// is killed gives back nothing, and its runs count as lost.
  static let goodbyeTime: Duration = .seconds(9)

  private static func definition(
    _ engine: EngineDefinition, slot: Int, executable: String, stage: Int
  ) -> ProcessDefinition {
    let shutdown = engine.workers.shutdown
    let own = [
      "BUS_SLOT": "\(slot)", "BUS_CONCURRENCY": "\(engine.workers.concurrency)",
      "BUS_SHUTDOWN": "\(shutdown / .seconds(1))",
    ]
    return ProcessDefinition(
      name: "\(engine.name).\(slot)", executable: executable, arguments: engine.arguments,
      environment: engine.workers.environment.merging(own) { $1 },
      grace: shutdown + goodbyeTime, stage: stage)
  }
}
