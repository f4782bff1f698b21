internal import BusProtocol

extension TopologyCheck {
  /// Schedules whose worker the binary does not have: their jobs would be parked.
  static func scheduleAdvice(_ engine: EngineDefinition, _ declaration: EngineDeclaration) -> [TopologyAdvice] {
    let names = declaration.workers.map(\.name.text)
    let unknown = engine.schedules.filter { !names.contains($0.worker.text) }.map { schedule in
      TopologyAdvice(
        .error, at: schedule.position,
        "schedule \(engine.name)/\(schedule.name) is for worker '\(schedule.worker)', which the binary does not declare",
        help: Suggestion.help(for: schedule.worker.text, among: names)
          ?? (names.isEmpty ? "the binary declares none" : "declared: \(names.joined(separator: ", "))"))
    }
    return unknown + overrides(engine, declaration)
  }

  /// Schedules that the topology has in the place of the binary's.
  private static func overrides(_ engine: EngineDefinition, _ declaration: EngineDeclaration) -> [TopologyAdvice] {
    engine.schedules.compactMap { schedule in
      guard let declared = declaration.schedules.first(where: { $0.name == schedule.name }) else { return nil }
      let name = "\(engine.name)/\(schedule.name)"
      return TopologyAdvice(
        .info, at: schedule.position,
        schedule.isEnabled
          ? "schedule \(name) is '\(schedule.when)' here, and takes the place of the binary's '\(declared.when)'"
          : "schedule \(name) is declared by the binary but disabled here")
    }
  }
}
