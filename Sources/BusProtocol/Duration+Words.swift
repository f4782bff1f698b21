extension Duration {
  /// The longest duration that is written in words, about a hundred years.
  package static let longestInWords = Duration.seconds(36_500 * 86_400)

  /// Reads `500ms`, `30s`, `10m`, `2d` or `1h30m`: whole numbers, larger units first, each unit once; nil for
  /// anything else and for more than a hundred years.
  public init?(words text: String) {
    var rest = text[...]
    var units = Self.units[...]
    var total: Int64 = 0
    guard !rest.isEmpty else { return nil }
    while !rest.isEmpty {
      let digits = rest.prefix { $0.isASCII && $0.isNumber }
      let name = rest.dropFirst(digits.count).prefix { $0.isLetter }
      rest = rest.dropFirst(digits.count + name.count)
      guard let count = Int64(digits), let index = units.firstIndex(where: { $0.name == name }) else { return nil }
      let (part, overflow) = count.multipliedReportingOverflow(by: units[index].milliseconds)
      let (sum, sumOverflow) = total.addingReportingOverflow(part)
      guard !overflow, !sumOverflow, sum <= Self.longestInWords.components.seconds * 1000 else { return nil }
      total = sum
      units = units[(index + 1)...]
    }
    self = .milliseconds(total)
  }

  /// The words that parse to the same duration: `1h30m`; parts of a millisecond and what is below zero are left out.
  public var words: String {
    let (seconds, attoseconds) = components
    guard self > .zero, self <= Self.longestInWords else { return self > .zero ? "36500d" : "0s" }
    var rest = seconds * 1000 + attoseconds / 1_000_000_000_000_000
    var text = ""
    for unit in Self.units where rest >= unit.milliseconds {
      text += "\(rest / unit.milliseconds)\(unit.name)"
      rest %= unit.milliseconds
    }
    return text.isEmpty ? "0s" : text
  }

  /// What ``init(words:)`` takes, as a JSON schema says it.
  package static let wordsPattern = "^(?=[0-9])([0-9]+d)?([0-9]+h)?([0-9]+m)?([0-9]+s)?([0-9]+ms)?$"

  private static let units: [(name: String, milliseconds: Int64)] = [
    ("d", 86_400_000), ("h", 3_600_000), ("m", 60_000), ("s", 1000), ("ms", 1),
  ]
}
