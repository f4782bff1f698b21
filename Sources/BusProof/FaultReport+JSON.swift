import BusProtocol

extension FaultReport {
  /// The report as one object: what a full run keeps, and what the table is made of.
  func json(seed: UInt64) -> JSONObject {
    var object: JSONObject = ["fault": .string(name), "seed": seed.jsonValue]
    if let why = skipped {
      object.set("skipped", why)
      return object
    }
    object.set("held", holds)
    object.set("faults", cycles)
    object.set("seconds", seconds)
    if !actions.isEmpty {
      object["did"] = .object(
        JSONObject(actions.sorted { $0.key < $1.key }.map { JSONObject.Member($0.key, $0.value.jsonValue) }))
    }
    if let verdict {
      object.set("events", published)
      object.set("acknowledged", acknowledged)
      object.set("runs", runs)
      for (name, count) in verdict.figures { object.set(name, count) }
    }
    object.set("restarts", restarts.isEmpty ? nil : restarts.count)
    object.set("restart_ms_p50", restart(percent: 50))
    object.set("restart_ms_p99", restart(percent: 99))
    if !figures.isEmpty { object["figures"] = .array(figures.map { .string($0) }) }
    let broken = breaches + (verdict?.sentences ?? [])
    if !broken.isEmpty { object["broken"] = .array(broken.map { .string($0) }) }
    return object
  }
}

extension Verdict {
  /// Each kind of breach by its name, with its count.
  var figures: [(String, Int)] {
    [
      ("lost", lost), ("duplicates", duplicates), ("disordered", disordered), ("foreign", foreign), ("undone", undone),
      ("doubled", doubled), ("lost_updates", lostUpdates), ("overlaps", overlaps), ("silent_gaps", silentGaps),
      ("excess_attempts", excessAttempts),
    ]
  }

  /// The names of the kinds of breaches, in their order.
  static var kinds: [String] { Verdict(Evidence(), maximumAttempts: 1).figures.map(\.0) }
}
