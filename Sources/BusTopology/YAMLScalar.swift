/// Writes a text as a YAML scalar that every reader takes for what it is.
enum YAMLScalar {
  /// Text: in quotes wherever another reader might see a number, a boolean or nothing in it.
  static func text(_ text: String) -> String {
    let first = text.utf8.first ?? 0
    let beginsPlain = first == UInt8(ascii: "/") || first == UInt8(ascii: "_") || isLetter(first)
    return beginsPlain && isSafe(text) && !guessed.contains(text.lowercased()) ? text : quoted(text)
  }

  /// A number, a duration, a word: plain unless it contains what YAML itself reads.
  static func value(_ text: String) -> String {
    let first = text.utf8.first ?? 0
    let beginsAsNumber = (0x30...0x39).contains(first) || first == UInt8(ascii: "-")
    if text == "true" || text == "false" { return text }
    return beginsAsNumber && isSafe(text) && text != "-" ? text : self.text(text)
  }

  /// What YAML 1.1 readers turn into something else.
  private static let guessed: Set<String> = ["true", "false", "yes", "no", "on", "off", "null", "y", "n"]

  private static func isLetter(_ byte: UInt8) -> Bool { (0x41...0x5A).contains(byte) || (0x61...0x7A).contains(byte) }

  /// Whether the text has none of YAML's signs: a colon counts only before a blank or at the end.
  private static func isSafe(_ text: String) -> Bool {
    text.utf8.last != UInt8(ascii: ":")
      && text.utf8.allSatisfy { isLetter($0) || (0x30...0x39).contains($0) || "_./:+-=@".utf8.contains($0) }
  }

  private static func quoted(_ text: String) -> String {
    var quoted = "\""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "\"": quoted += "\\\""
      case "\\": quoted += "\\\\"
      case "\n": quoted += "\\n"
      case "\t": quoted += "\\t"
      case "\r": quoted += "\\r"
      default:
        if scalar.value < 32 || (0x7F...0xA0).contains(scalar.value) || isHidden(scalar) {
          let digits = String(scalar.value, radix: 16)
          quoted += "\\U" + String(repeating: "0", count: 8 - digits.count) + digits
        } else {
          quoted.unicodeScalars.append(scalar)
        }
      }
    }
    return quoted + "\""
  }

  /// Line breaks of YAML 1.1, the byte order mark, and what libyaml's reader refuses as unprintable.
  private static func isHidden(_ scalar: Unicode.Scalar) -> Bool {
    [0x2028, 0x2029, 0xFEFF, 0xFFFE, 0xFFFF].contains(scalar.value)
  }
}
