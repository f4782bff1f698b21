/// One of the five fields of a ``CronExpression``: which numbers it takes, and its names for them.
struct CronField: Sendable {
  let noun: String
  let range: ClosedRange<Int>
  /// Names of the numbers from the lower bound on: `jan`, `sun`.
  let names: [String]

  static let minute = CronField(noun: "minute", range: 0...59, names: [])
  static let hour = CronField(noun: "hour", range: 0...23, names: [])
  static let day = CronField(noun: "day of the month", range: 1...31, names: [])
  static let month = CronField(
    noun: "month", range: 1...12,
    names: ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"])
  /// 7 is Sunday as well.
  static let weekday = CronField(
    noun: "weekday", range: 0...7, names: ["sun", "mon", "tue", "wed", "thu", "fri", "sat"])

  static let all = [minute, hour, day, month, weekday]

  /// The numbers that a field's text chooses, one bit each; `first` is the column at which it begins.
  func bits(_ text: Substring, first: Int, of whole: String) throws(ScheduleError) -> UInt64 {
    var bits: UInt64 = 0
    var column = first
    for part in text.split(separator: ",", omittingEmptySubsequences: false) {
      bits |= try self.bits(part: part, column: column, of: whole)
      column += part.unicodeScalars.count + 1
    }
    return bits
  }

  /// `*`, `5`, `5-9` or one of them with `/2` behind.
  private func bits(part: Substring, column: Int, of whole: String) throws(ScheduleError) -> UInt64 {
    let halves = part.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
    let base = halves.first ?? ""
    var chosen = range
    if base != "*" {
      let ends = base.split(separator: "-", maxSplits: 1, omittingEmptySubsequences: false)
      let low = try number(ends.first ?? "", column, whole)
      chosen = low...low
      if ends.count == 2 {
        let high = try number(ends[1], column + ends[0].unicodeScalars.count + 1, whole)
        // "fri-sun" ends with the other Sunday.
        let last = self.range.upperBound == 7 && high == 0 && low > 0 ? 7 : high
        guard low <= last else {
          throw fault(whole, column, "the range \(base) goes backwards", "write it as two: \(low)-… and …-\(high)")
        }
        chosen = low...last
      } else if halves.count == 2 {
        throw fault(whole, column, "a step needs a range", "write \(low)-\(range.upperBound)/… or */…")
      }
    }
    let step = halves.count == 2 ? try self.step(halves[1], column + base.unicodeScalars.count + 1, whole) : 1
    // The star's last weekday is 6: 7 is the same day as 0.
    let end = base == "*" && range.upperBound == 7 ? 6 : chosen.upperBound
    return stride(from: chosen.lowerBound, through: end, by: step).reduce(0) { bits, number in
      bits | 1 << UInt64(range.upperBound == 7 ? number % 7 : number)
    }
  }

  private func number(_ text: Substring, _ column: Int, _ whole: String) throws(ScheduleError) -> Int {
    if let index = names.firstIndex(of: text.lowercased()) { return range.lowerBound + index }
    guard let number = Self.digits(text) else {
      let form = names.isEmpty ? "" : ", or a name such as \(names[names.count - 2])"
      let problem = text.isEmpty ? "a \(noun) is missing" : "\(ProtocolError.quoted(String(text))) is no \(noun)"
      throw fault(whole, column, problem, "use *, or \(range.lowerBound) to \(range.upperBound)\(form)")
    }
    guard range.contains(number) else {
      throw fault(
        whole, column, "\(number) is no \(noun)", "use \(range.lowerBound) to \(range.upperBound)")
    }
    return number
  }

  private func step(_ text: Substring, _ column: Int, _ whole: String) throws(ScheduleError) -> Int {
    guard let step = Self.digits(text), (1...max(1, range.count - 1)).contains(step) else {
      throw fault(
        whole, column, "\(ProtocolError.quoted(String(text))) is no step of a \(noun)",
        "use a number from 1 to \(range.count - 1)")
    }
    return step
  }

  private static func digits(_ text: Substring) -> Int? {
    guard (1...3).contains(text.utf8.count), text.utf8.allSatisfy({ (0x30...0x39).contains($0) }) else { return nil }
    return Int(text)
  }

  private func fault(_ text: String, _ column: Int, _ problem: String, _ help: String) -> ScheduleError {
    ScheduleError(text: text, column: column, problem: problem, help: help)
  }
}
