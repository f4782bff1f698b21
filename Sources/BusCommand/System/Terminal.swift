internal import ArgumentParser

#if canImport(Glibc)
  internal import Glibc
#elseif canImport(Musl)
  internal import Musl
#else
  internal import Darwin
#endif

/// What is known of the terminal behind a file descriptor.
struct Terminal: Sendable {
  /// When to colour.
  enum Color: String, CaseIterable, Sendable, ExpressibleByArgument {
    case auto
    case always
    case never
  }

  /// Whether it is one.
  var isTerminal: Bool
  /// How wide it is; nil where nothing has to be cut.
  var columns: Int?
  /// Whether and how it is coloured.
  var paint: Paint

  /// Asks the system.
  init(descriptor: Int32, color: Color, environment: [String: String]) {
    let isTerminal = isatty(descriptor) == 1
    var size = winsize()
    let hasSize = isTerminal && ioctl(descriptor, UInt(TIOCGWINSZ), &size) == 0 && size.ws_col > 0
    self.init(
      isTerminal: isTerminal, systemColumns: hasSize ? Int(size.ws_col) : nil, color: color,
      environment: environment)
  }

  /// Decides from what is known: a flag goes before `NO_COLOR`, `COLUMNS` before what the system says.
  init(isTerminal: Bool, systemColumns: Int?, color: Color, environment: [String: String]) {
    self.isTerminal = isTerminal
    let named = environment["COLUMNS"].flatMap(Int.init).flatMap { $0 > 0 ? $0 : nil }
    columns = isTerminal ? named ?? systemColumns ?? 80 : nil
    let isDumb = environment["TERM"] == "dumb" || !(environment["NO_COLOR"] ?? "").isEmpty
    paint = Paint(isOn: color == .always || color == .auto && isTerminal && !isDumb)
  }
}
