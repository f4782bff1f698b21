public import BusProtocol

/// Holds a topology against what the binaries declare, both ways: what is declared but not wired, what is wired but
/// not declared.
public enum TopologyCheck {
  /// What was found, the worst first and then in the order of the file; empty when all fits.
  ///
  /// A declaration that is missing, because a binary was not asked or did not answer, is a warning, and nothing more
  /// is said of that engine.
  public static func check(_ topology: Topology, declarations: [EngineDeclaration]) -> [TopologyAdvice] {
    var advice: [TopologyAdvice] = []
    for declaration in declarations where topology.engine(declaration.engine) == nil {
      let known = topology.engines.map(\.name.text)
      advice.append(
        TopologyAdvice(
          .error, at: SourcePosition(file: topology.position.file, line: 0, column: 0),
          "engine \(declaration.engine) is declared by its binary, but is not in the topology",
          help: Suggestion.help(for: declaration.engine.text, among: known) ?? "add it under 'engines'"))
    }
    for engine in topology.engines {
      guard let declaration = declarations.first(where: { $0.engine == engine.name }) else {
        advice.append(
          TopologyAdvice(
            .warning, at: engine.position, "engine \(engine.name) is declared by no binary that was asked",
            help: "run '\(engine.binary) --bus-describe' and see what it answers"))
        continue
      }
      advice +=
        queueAdvice(engine, declaration) + subscriptionAdvice(engine, declaration)
        + scheduleAdvice(engine, declaration)
    }
    return advice.enumerated().sorted { left, right in
      let (a, b) = (left.element, right.element)
      return (a.level, a.position.line, a.position.column, left.offset)
        < (b.level, b.position.line, b.position.column, right.offset)
    }.map(\.element)
  }

  /// Queues that nothing names, and names of queues that are not there.
  private static func queueAdvice(_ engine: EngineDefinition, _ declaration: EngineDeclaration) -> [TopologyAdvice] {
    let workers = declaration.workers.map { ("worker \($0.name)", $0.queue) }
    let subscriptions = declaration.subscriptions.map {
      ("subscription \($0.name)", engine.subscription($0.name)?.queue ?? $0.queue)
    }
    let schedules = declaration.schedules.filter { schedule in
      !engine.schedules.contains { $0.name == schedule.name }
    }.map { ("schedule \($0.name)", $0.queue) }
    let named = workers + subscriptions + schedules
    let queues = engine.queues.map(\.name.text)
    let missing = named.filter { engine.queue($0.1) == nil }.map { user, queue in
      TopologyAdvice(
        .error, at: engine.position, "\(user) names queue '\(queue)', which engine \(engine.name) does not have",
        help: Suggestion.help(for: queue.text, among: queues) ?? "add it to the engine's 'queues'")
    }
    let unused = engine.queues.filter { queue in
      !named.contains { $0.1 == queue.name } && !engine.schedules.contains { $0.queue == queue.name }
    }.map { queue in
      TopologyAdvice(
        .warning, at: queue.position, "queue \(engine.name)/\(queue.name) is named by no worker and no subscription",
        help: "remove it, or name it in the engine")
    }
    return missing + unused
  }

  /// Subscriptions that only one side knows, and those that are switched off.
  private static func subscriptionAdvice(
    _ engine: EngineDefinition, _ declaration: EngineDeclaration
  ) -> [TopologyAdvice] {
    let declared = declaration.subscriptions.map(\.name)
    let names = declared.map(\.text)
    let known = names.isEmpty ? "the binary declares none" : "declared: \(names.joined(separator: ", "))"
    let unknown = engine.subscriptions.filter { !declared.contains($0.name) }.map { wiring in
      TopologyAdvice(
        .error, at: wiring.position,
        "subscription \(engine.name)/\(wiring.name) is wired here, but the binary does not declare it",
        help: Suggestion.help(for: wiring.name.text, among: names) ?? known)
    }
    let silent = declaration.subscriptions.compactMap { subscription -> TopologyAdvice? in
      let name = "\(engine.name)/\(subscription.name)"
      guard let wiring = engine.subscription(subscription.name) else {
        return TopologyAdvice(
          .info, at: engine.position,
          "subscription \(name) is declared by the binary but not wired: its jobs go to queue \(subscription.queue)")
      }
      guard !wiring.isEnabled else { return nil }
      return TopologyAdvice(
        .info, at: wiring.position, "subscription \(name) is declared by the binary but disabled here")
    }
    return unknown + silent
  }
}
