internal import BusProtocol
internal import BusSupervisor
internal import BusTopology

/// Asks all binaries of a topology what they declare, and holds the answers against it.
struct EngineSurvey {
  let topology: Topology
  let file: String

  /// What was found: of binaries that could not be asked, and of those that answered.
  func advice() async -> [TopologyAdvice] {
    var declarations: [EngineDeclaration] = []
    var unanswered: [TopologyAdvice] = []
    var answered: [EngineDefinition] = []
    for (engine, result) in await answers() {
      switch result {
      case .success(let declaration):
        declarations.append(declaration)
        answered.append(engine)
      case .failure(let error):
        // A program that is not built yet is no mistake of the file; one that does not answer is no engine.
        let level: TopologyAdvice.Level = error.code == .binaryNotFound ? .warning : .error
        unanswered.append(TopologyAdvice(level, at: engine.position, error.message, help: error.help))
      }
    }
    var known = topology
    known.engines = answered
    let all = unanswered + TopologyCheck.check(known, declarations: declarations)
    return all.enumerated().sorted { ($0.element.level, $0.offset) < ($1.element.level, $1.offset) }.map(\.element)
  }

  /// All are asked at once; the answers are in the order of the file.
  private func answers() async -> [(EngineDefinition, Result<EngineDeclaration, SupervisorError>)] {
    let places = BinaryPlaces(
      program: BinaryPlaces.runningProgram, topologyFile: file, path: ProcessEnvironment.all["PATH"])
    let environment = ProcessEnvironment.all
    let found = await withTaskGroup(of: (Int, Result<EngineDeclaration, SupervisorError>).self) { group in
      for (index, engine) in topology.engines.enumerated() {
        group.addTask {
          do throws(SupervisorError) {
            let executable = try places.find(engine.binary)
            let declaration = try await EngineQuestion.ask(
              executable, arguments: engine.arguments, environment: environment)
            return (index, .success(declaration))
          } catch {
            return (index, .failure(error))
          }
        }
      }
      return await group.reduce(into: [:]) { $0[$1.0] = $1.1 }
    }
    return topology.engines.enumerated().compactMap { index, engine in found[index].map { (engine, $0) } }
  }
}
