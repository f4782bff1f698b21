import BusProtocol
import Foundation

/// What is printed: figures to standard output, words to standard error.
enum Report {
  static func line(_ text: String) { FileHandle.standardOutput.write(Data("\(text)\n".utf8)) }

  static func progress(_ text: String) { FileHandle.standardError.write(Data("-- \(text)\n".utf8)) }

  static func write(_ summary: Summary, asJSON: Bool) {
    for text in asJSON ? json(summary) : lines(summary) { line(text) }
  }

  static func lines(_ summary: Summary) -> [String] {
    var lines = ["\(summary.benchmark.name): \(summary.benchmark.about)", "  command: \(summary.command)"]
    for row in summary.rows {
      let range = "[\(number(row.range.lowerBound)) - \(number(row.range.upperBound))]"
      let value = "\(number(row.median)) \(row.unit.rawValue)".padded(to: 18)
      lines.append("  \(row.what.padded(to: 48)) \(value) \(range) n=\(row.values.count)")
    }
    return lines + ["  bar: \(summary.benchmark.bar)"]
  }

  static func json(_ summary: Summary) -> [String] {
    summary.rows.map { row in
      let value: JSONValue = [
        "benchmark": .string(summary.benchmark.name), "figure": .string(row.what), "unit": .string(row.unit.rawValue),
        "median": .double(row.median), "min": .double(row.range.lowerBound), "max": .double(row.range.upperBound),
        "runs": row.values.count.jsonValue, "command": .string(summary.command),
      ]
      return value.text
    }
  }

  /// Three digits that say something, thousands apart.
  static func number(_ value: Double) -> String {
    guard value.isFinite else { return "-" }
    guard abs(value) >= 100 else { return String(format: abs(value) < 10 ? "%.2f" : "%.1f", value) }
    let digits = Array(String(Int64(abs(value).rounded())).reversed())
    let groups = stride(from: 0, to: digits.count, by: 3).map {
      String(digits[$0..<min($0 + 3, digits.count)].reversed())
    }
    return (value < 0 ? "-" : "") + groups.reversed().joined(separator: ",")
  }
}

extension String {
  func padded(to width: Int) -> String { self + String(repeating: " ", count: max(0, width - count)) }
}
