internal import BusProtocol

/// Which processes declare which schedules: while an old binary and a new one run side by side, both count.
struct ScheduleTellers {
  private var told: [SessionID: (engine: Name, names: Set<ScheduleName>)] = [:]

  /// A process said all that its binary has.
  mutating func tell(_ names: Set<ScheduleName>, of engine: Name, by session: SessionID) {
    told[session] = (engine, names)
  }

  /// A process is gone. Returns its engine when others of it are there: what none of them declares is not declared any
  /// more. When it was the last one all stays, for nobody says otherwise.
  mutating func leave(_ session: SessionID) -> Name? {
    guard let engine = told.removeValue(forKey: session)?.engine else { return nil }
    return told.values.contains { $0.engine == engine } ? engine : nil
  }

  /// What the engine's processes declare together.
  func names(of engine: Name) -> Set<ScheduleName> {
    told.values.filter { $0.engine == engine }.reduce(into: []) { $0.formUnion($1.names) }
  }
}
