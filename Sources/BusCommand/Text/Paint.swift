/// Colours text, or leaves it as it is.
struct Paint: Sendable, Equatable {
  /// What a colour says; never the only thing that says it.
  enum Ink: Int, Sendable {
    case plain = 0
    case bold = 1
    case faint = 2
    case red = 31
    case green = 32
    case yellow = 33
    case blue = 34
    case magenta = 35
    case cyan = 36
  }

  /// Whether anything is coloured at all.
  var isOn: Bool

  /// The text in the ink.
  func callAsFunction(_ text: String, _ ink: Ink) -> String {
    isOn && ink != .plain && !text.isEmpty ? "\u{1B}[\(ink.rawValue)m\(text)\u{1B}[0m" : text
  }

  /// The ink of a name: the same name has the same one everywhere and always.
  static func ink(of name: String) -> Ink {
    let inks: [Ink] = [.green, .yellow, .blue, .magenta, .cyan]
    // FNV-1a: Swift's own hashes differ from run to run.
    let hash = name.utf8.reduce(UInt64(0xCBF2_9CE4_8422_2325)) { ($0 ^ UInt64($1)) &* 0x100_0000_01B3 }
    return inks[Int(hash % UInt64(inks.count))]
  }
}
