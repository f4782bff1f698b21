import BusProtocol
import Foundation

/// The reports for people: some lines for each kind of fault, and one for all.
enum ReportText {
  /// Writes lines at once: a run takes long, and somebody waits.
  static func say(_ lines: [String]) {
    FileHandle.standardOutput.write(Data((lines.joined(separator: "\n") + "\n").utf8))
  }

  /// Writes one report, for people or for programs.
  static func say(_ report: JSONObject, _ options: ProofOptions, _ words: [String] = []) {
    say(options.isJSON ? [JSONValue.object(report).text] : words + lines(report))
  }

  /// What one kind of fault came to.
  static func lines(_ report: JSONObject) -> [String] {
    let name = text(report["fault"])
    if let why = report["skipped"] { return ["\(name): skipped, \(text(why))"] }
    let head = "\(name), seed \(number(report["seed"]))"
    var lines = ["\(head): \(report["held"] == true ? "held" : "BROKEN") in \(number(report["seconds"])) s"]
    var did: [String] = []
    if case .object(let actions) = report["did"] { did = actions.members.map { "\($0.key) \(number($0.value))" } }
    lines.append("  \(number(report["faults"])) faults\(did.isEmpty ? "" : ": \(did.joined(separator: ", "))")")
    if report["lost"] != nil {
      lines.append(
        "  events \(number(report["events"])), acknowledged \(number(report["acknowledged"])), "
          + "runs \(number(report["runs"]))")
      let kinds = Verdict.kinds.map { "\($0.split(separator: "_").joined(separator: " ")) \(number(report[$0]))" }
      lines.append("  " + kinds.joined(separator: ", "))
    }
    if report["restarts"] != nil {
      lines.append(
        "  restart of busd p50 \(number(report["restart_ms_p50"])) ms, p99 \(number(report["restart_ms_p99"])) ms, "
          + "\(number(report["restarts"])) times")
    }
    return lines + texts(report["figures"]).map { "  \($0)" } + texts(report["broken"]).map { "  BROKEN: \($0)" }
  }

  /// One row for each kind, for who wants to see all at once.
  static func table(_ reports: [JSONObject]) -> [String] {
    var names: [String] = []
    for name in reports.map({ text($0["fault"]) }) where !names.contains(name) { names.append(name) }
    let rows = names.map { name -> [String] in
      let own = reports.filter { text($0["fault"]) == name }
      let total = ReportTotal(own)
      if total.kinds == 0 { return [name, "-", "-", "-", "-", "skipped"] }
      let seconds = own.reduce(0) { $0 + number($1["seconds"]) }
      return [name] + [total.faults, total.acknowledged, total.lost, seconds].map(String.init)
        + [total.holds ? "held" : "BROKEN"]
    }
    let all = [["fault", "times", "acknowledged", "lost", "seconds", ""]] + rows
    let widths = (0..<6).map { column in all.map { $0[column].count }.max() ?? 0 }
    return all.map { row in
      let cells = row.enumerated().map { column, cell in
        let spaces = String(repeating: " ", count: widths[column] - cell.count)
        return column == 0 || column == 5 ? cell + spaces : spaces + cell
      }
      return cells.joined(separator: "  ").trimmingCharacters(in: .whitespaces)
    }
  }

  /// What all of them came to.
  static func sum(_ reports: [JSONObject], seed: UInt64) -> String {
    let total = ReportTotal(reports)
    return "seed \(seed): \(total.kinds) kinds of faults, \(total.faults) faults, \(total.acknowledged) events "
      + "acknowledged, \(total.lost) lost; \(total.skipped) kinds skipped; "
      + (total.holds ? "everything held" : "BROKEN")
  }

  private static func number(_ value: JSONValue?) -> Int { ReportTotal.number(value) }
  private static func text(_ value: JSONValue?) -> String { value.flatMap(String.init(jsonValue:)) ?? "?" }

  private static func texts(_ value: JSONValue?) -> [String] {
    guard case .array(let values) = value else { return [] }
    return values.map(text)
  }
}

/// What the reports of several kinds of faults come to.
struct ReportTotal: Equatable {
  /// Kinds of faults that ran, and that did not.
  var kinds = 0, skipped = 0
  var faults = 0
  var acknowledged = 0
  var lost = 0
  /// Whether nothing was broken; what was skipped broke nothing, and is counted.
  var holds = true

  init(_ reports: [JSONObject]) {
    let ran = reports.filter { $0["skipped"] == nil }
    kinds = Set(ran.compactMap { $0["fault"]?.text }).count
    skipped = reports.count - ran.count
    for report in ran {
      faults += ReportTotal.number(report["faults"])
      acknowledged += ReportTotal.number(report["acknowledged"])
      lost += ReportTotal.number(report["lost"])
      if report["held"] != true { holds = false }
    }
  }

  static func number(_ value: JSONValue?) -> Int { value.flatMap(Int.init(jsonValue:)) ?? 0 }
}
