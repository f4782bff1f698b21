/// What a terminal may be shown: control characters in data would move its cursor or colour what follows.
enum Printable {
  /// The text on one line: control characters replaced, line feeds and tabs by blanks.
  static func line(_ text: String) -> String {
    guard text.unicodeScalars.contains(where: isControl) else { return text }
    var shown = String.UnicodeScalarView()
    for scalar in text.unicodeScalars {
      shown.append(!isControl(scalar) ? scalar : scalar == "\n" || scalar == "\t" ? " " : "\u{FFFD}")
    }
    return String(shown)
  }

  /// The text with its lines; all other control characters replaced.
  static func text(_ text: String) -> String {
    guard text.unicodeScalars.contains(where: isControl) else { return text }
    var shown = String.UnicodeScalarView()
    for scalar in text.unicodeScalars {
      shown.append(!isControl(scalar) || scalar == "\n" || scalar == "\t" ? scalar : "\u{FFFD}")
    }
    return String(shown)
  }

  private static func isControl(_ scalar: Unicode.Scalar) -> Bool {
    scalar.value < 32 || (0x7F...0x9F).contains(scalar.value) || (0x202A...0x202E).contains(scalar.value)
      || (0x2066...0x2069).contains(scalar.value)
  }
}
