import BusProtocol

/// The one report at the end.
enum ReportText {
  static func lines(_ reports: [FaultReport], _ options: ProofOptions) -> [String] {
    if options.isJSON { return reports.map { json($0, seed: options.seed).text } }
    let ran = reports.filter { $0.skipped == nil }
    let skipped = reports.count - ran.count
    return reports.flatMap(lines) + [
      "seed \(options.seed): \(ran.count) kinds of faults, \(ran.reduce(0) { $0 + $1.cycles }) faults, "
        + "\(ran.reduce(0) { $0 + $1.acknowledged }) events acknowledged, "
        + "\(ran.reduce(0) { $0 + ($1.verdict?.lost ?? 0) }) lost; \(skipped) kinds skipped; "
        + (reports.allSatisfy(\.holds) ? "everything held" : "BROKEN")
    ]
  }

  private static func lines(_ report: FaultReport) -> [String] {
    if let why = report.skipped { return ["\(report.name): skipped, \(why)"] }
    var lines = ["\(report.name): \(report.holds ? "held" : "BROKEN") in \(report.seconds) s"]
    let actions = report.actions.sorted { $0.key < $1.key }.map { "\($0.key) \($0.value)" }
    lines.append("  \(report.cycles) faults\(actions.isEmpty ? "" : ": \(actions.joined(separator: ", "))")")
    if let verdict = report.verdict {
      lines.append("  events \(report.published), acknowledged \(report.acknowledged), runs \(report.runs)")
      lines.append("  " + figures(verdict).map { "\($0.0) \($0.1)" }.joined(separator: ", "))
    }
    if let half = report.restart(percent: 50), let most = report.restart(percent: 99) {
      lines.append("  restart of busd p50 \(half) ms, p99 \(most) ms, \(report.restarts.count) times")
    }
    lines += report.figures.map { "  \($0)" }
    return lines + (report.breaches + (report.verdict?.sentences ?? [])).map { "  BROKEN: \($0)" }
  }

  private static func figures(_ verdict: Verdict) -> [(String, Int)] {
    [
      ("lost", verdict.lost), ("duplicates", verdict.duplicates), ("disordered", verdict.disordered),
      ("undone", verdict.undone), ("doubled", verdict.doubled), ("lost updates", verdict.lostUpdates),
      ("overlaps", verdict.overlaps), ("silent gaps", verdict.silentGaps), ("excess attempts", verdict.excessAttempts),
    ]
  }

  private static func json(_ report: FaultReport, seed: UInt64) -> JSONValue {
    var object: JSONObject = ["fault": .string(report.name), "seed": seed.jsonValue]
    if let why = report.skipped {
      object.set("skipped", why)
      return .object(object)
    }
    object.set("held", report.holds)
    object.set("faults", report.cycles)
    object.set("seconds", report.seconds)
    for (action, count) in report.actions.sorted(by: { $0.key < $1.key }) { object.set("did \(action)", count) }
    if let verdict = report.verdict {
      object.set("events", report.published)
      object.set("acknowledged", report.acknowledged)
      object.set("runs", report.runs)
      for (name, count) in figures(verdict) {
        object.set(name.split(separator: " ").joined(separator: "_"), count)
      }
    }
    object.set("restart_ms_p50", report.restart(percent: 50))
    object.set("restart_ms_p99", report.restart(percent: 99))
    if !report.figures.isEmpty { object.set("figures", JSONValue.array(report.figures.map { .string($0) })) }
    let broken = report.breaches + (report.verdict?.sentences ?? [])
    if !broken.isEmpty { object.set("broken", JSONValue.array(broken.map { .string($0) })) }
    return .object(object)
  }
}
