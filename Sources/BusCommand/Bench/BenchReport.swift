internal import Bus
internal import BusProtocol

/// What `bus bench` prints of a load.
struct BenchReport: Sendable {
  /// `pub`, `sub`, `e2e` or `jobs`.
  var mode: String
  /// What was counted: `event` or `job`.
  var noun: String
  /// From where to where it was measured: `publish -> handler`.
  var way: String
  /// Bytes of data of each; nil where they are somebody else's.
  var size: Int?
  var counts: BenchTally.Counts
  /// How long things were sent, or listened to.
  var seconds: Double
  /// What was sent and did not come; nil where nobody knows.
  var lost: Int?
  /// What the outbox did not take.
  var refused = 0

  private static let shares: [(name: String, share: Double)] = [
    ("p50", 0.5), ("p90", 0.9), ("p99", 0.99), ("p999", 0.999),
  ]
  private static let barWidth = 40

  private var perSecond: Int { seconds > 0 ? Int((Double(counts.received) / seconds).rounded()) : 0 }

  /// One line of figures, then the histogram.
  var lines: [String] {
    var facts = ["\(BenchReport.grouped(counts.received)) \(noun)s", "\(BenchReport.grouped(perSecond))/s"]
    if let middle = counts.latency.quantile(0.5), let high = counts.latency.quantile(0.99),
      let longest = counts.latency.maximum
    {
      let words = [("p50", middle), ("p99", high), ("max", longest)].map { "\($0) \(BenchReport.text($1))" }
      facts.append("\(way) \(words.joined(separator: "  "))")
    }
    if let lost { facts += ["lost \(lost)", "duplicated \(counts.repeated)"] }
    if refused > 0 { facts.append("refused \(refused)") }
    return [facts.joined(separator: "  ")] + histogram
  }

  private var histogram: [String] {
    let rows = counts.latency.rows
    let most = rows.map(\.count).max() ?? 0
    guard most > 0 else { return [] }
    let numbers = rows.map { BenchReport.grouped(Int(clamping: $0.count)) }
    let width = numbers.map(\.count).max() ?? 0
    return zip(rows, numbers).map { row, number in
      let length = Int((Double(row.count) / Double(most) * Double(BenchReport.barWidth)).rounded(.up))
      let edge = BenchReport.text(row.upTo)
      let line =
        "  up to \(BenchReport.left(edge, 7))  \(BenchReport.left(number, width))  "
        + String(repeating: "#", count: length)
      return row.count == 0 ? String(line.dropLast(2)) : line
    }
  }

  /// The same for programs.
  var json: JSONValue {
    var object: JSONObject = [
      "mode": .string(mode), "count": counts.received.jsonValue, "sent": counts.sent.jsonValue,
      "seconds": .double(seconds), "per_second": perSecond.jsonValue, "duplicated": counts.repeated.jsonValue,
      "refused": refused.jsonValue,
      "latency": .object(JSONObject(latencies.map { JSONObject.Member($0.name, .double($0.microseconds)) })),
      "histogram": .array(
        counts.latency.rows.map {
          ["up_to_us": .double($0.upTo / .microseconds(1)), "count": Int(clamping: $0.count).jsonValue]
        }),
    ]
    object.set("size", size)
    object.set("lost", lost)
    return .object(object)
  }

  /// A heading and a row for spreadsheets; what is not known is empty.
  var csv: [String] {
    let known = Dictionary(uniqueKeysWithValues: latencies.map { ($0.name, "\($0.microseconds)") })
    let names = BenchReport.shares.map { "\($0.name)_us" } + ["max_us"]
    let row =
      [mode, size.map(String.init) ?? "", "\(counts.sent)", "\(counts.received)", "\(seconds)", "\(perSecond)"]
      + names.map { known[$0] ?? "" } + [lost.map(String.init) ?? "", "\(counts.repeated)", "\(refused)"]
    return [
      (["mode", "size", "sent", "count", "seconds", "per_second"] + names + ["lost", "duplicated", "refused"])
        .joined(separator: ","), row.joined(separator: ","),
    ]
  }

  private var latencies: [(name: String, microseconds: Double)] {
    let shares = BenchReport.shares.map { ("\($0.name)_us", counts.latency.quantile($0.share)) }
    return (shares + [("max_us", counts.latency.maximum)]).compactMap { name, duration in
      duration.map { (name, ($0 / .microseconds(1) * 10).rounded() / 10) }
    }
  }

  /// `12 us`, `0.9 ms`, `4.2 s`: latencies are short, and a tenth counts.
  static func text(_ duration: Duration) -> String {
    let microseconds = duration / .microseconds(1)
    if microseconds < 100 { return "\(Int(microseconds.rounded())) us" }
    let (value, unit) = microseconds < 1_000_000 ? (microseconds / 1000, "ms") : (microseconds / 1_000_000, "s")
    return value < 10 ? "\((value * 10).rounded() / 10) \(unit)" : "\(Int(value.rounded())) \(unit)"
  }

  /// `150,000`.
  static func grouped(_ number: Int) -> String {
    let digits = Array(String(number.magnitude))
    var text = number < 0 ? "-" : ""
    for (index, digit) in digits.enumerated() {
      if index > 0, (digits.count - index).isMultiple(of: 3) { text += "," }
      text.append(digit)
    }
    return text
  }

  private static func left(_ text: String, _ width: Int) -> String {
    String(repeating: " ", count: max(0, width - text.count)) + text
  }
}
