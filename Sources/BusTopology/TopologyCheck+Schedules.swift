internal import BusProtocol

extension TopologyCheck {
  /// Schedules whose worker the binary does not have: their jobs would be parked.
  static func scheduleAdvice(_ engine: EngineDefinition, _ declaration: EngineDeclaration) -> [TopologyAdvice] {
    let names = declaration.workers.map(\.name.text)
    return engine.schedules.filter { !names.contains($0.worker.text) }.map { schedule in
      TopologyAdvice(
        .error, at: schedule.position,
        "schedule \(engine.name)/\(schedule.name) is for worker '\(schedule.worker)', which the binary does not declare",
        help: Suggestion.help(for: schedule.worker.text, among: names)
          ?? (names.isEmpty ? "the binary declares none" : "declared: \(names.joined(separator: ", "))"))
    }
  }
}
