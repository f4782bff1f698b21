/// A value as the language writes it.
package enum FilterLiteral: Hashable, Sendable {
  case null
  case bool(Bool)
  case integer(Int64)
  case decimal(Double)
  /// In quotes: text and nothing else.
  case text(String)
  /// Bare, behind a colon or alone: what it means depends on the field.
  case word(String)
  case time(Timestamp)
  /// So long before the moment of asking; negative: after it.
  case ago(Duration)

  /// What a word without quotes stands for where a value belongs, nil for none.
  init?(bare word: String) {
    switch word.lowercased() {
    case "null": self = .null
    case "true": self = .bool(true)
    case "false": self = .bool(false)
    default:
      guard let value = FilterLiteral(number: word) ?? FilterLiteral(moment: word) else { return nil }
      self = value
    }
  }

  /// A number of JSON that keeps its value: whole ones within Int64.
  init?(number word: String) {
    guard let first = word.utf8.first, first == UInt8(ascii: "-") || (48..<58).contains(first) else { return nil }
    switch try? JSONParser.parse(word.utf8) {
    case .integer(let value): self = .integer(value)
    case .double(let value) where word.utf8.contains(where: { ".eE".utf8.contains($0) }): self = .decimal(value)
    default: return nil
    }
  }

  /// RFC 3339, a day (its beginning in UTC), or a duration: `10m` ago, `+10m` ahead.
  init?(moment word: String) {
    if let time = try? Timestamp(word) {
      self = .time(time)
    } else if word.utf8.count == 10, let day = try? Timestamp("\(word)T00:00:00Z") {
      self = .time(day)
    } else if let duration = Duration(words: word) {
      self = .ago(duration)
    } else if word.hasPrefix("+"), let duration = Duration(words: String(word.dropFirst())) {
      self = .ago(.zero - duration)
    } else {
      return nil
    }
  }

  /// What reads to an equal value.
  var text: String {
    switch self {
    case .null: "null"
    case .bool(let value): value ? "true" : "false"
    case .integer(let value): String(value)
    case .decimal(let value): value.description
    case .text(let text): FilterLiteral.quoted(text)
    case .word(let word): word
    case .time(let time): time.description
    case .ago(let duration): duration < .zero ? "+\((.zero - duration).words)" : duration.words
    }
  }

  private static func quoted(_ text: String) -> String {
    var quoted = "'"
    for scalar in text.unicodeScalars {
      switch scalar {
      case "'", "\\": quoted += "\\\(scalar)"
      case "\n": quoted += "\\n"
      case "\r": quoted += "\\r"
      case "\t": quoted += "\\t"
      default:
        if scalar.value < 32 || scalar.value == 127 {
          quoted += "\\u{\(String(scalar.value, radix: 16))}"
        } else {
          quoted.unicodeScalars.append(scalar)
        }
      }
    }
    return quoted + "'"
  }
}
