public import BusProtocol
public import BusTopology

/// The programs that a topology asks for.
public enum EngineProcesses {
  /// The programs of the named engines, of all for none, in the order of the file.
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
      let workers = engine.workers
      // One that has no process here need not be built; it can be scaled up where it is.
      let executable = workers.processes > 0 ? try places.find(engine.binary) : places.likely(engine.binary)
      definitions.append(definition(engine, executable: executable, stage: stage))
    }
    return definitions
  }

  /// What a process gets beyond its runs' time, to give back what did not end and to carry what it published: one that
  /// is killed gives back nothing, and its runs count as lost.
  static let goodbyeTime: Duration = .seconds(9)

  private static func definition(_ engine: EngineDefinition, executable: String, stage: Int) -> ProcessDefinition {
    let workers = engine.workers
    let own = [
      "BUS_CONCURRENCY": "\(workers.concurrency)", "BUS_SHUTDOWN": "\(workers.shutdown / .seconds(1))",
    ]
    var definition = ProcessDefinition(
      name: engine.name.text, executable: executable, arguments: engine.arguments,
      environment: workers.environment.merging(own) { $1 }, grace: workers.shutdown + goodbyeTime, stage: stage,
      readiness: workers.ready.map { .after($0) } ?? .message)
    definition.count = workers.processes
    definition.watchdog = workers.watchdog
    definition.niceness = Int32(workers.niceness)
    definition.startLimit = workers.start
    definition.autoscaling = workers.autoscaling.map {
      Autoscaling(maximum: $0.maximum, latency: $0.latency, calm: $0.calm)
    }
    definition.recycling = Recycling(
      age: workers.recycling.age, memory: workers.recycling.memory?.bytes, jobs: workers.recycling.jobs)
    definition.listen = workers.listen
    return definition
  }
}
