import Foundation

/// Whether this process was asked to end.
enum Stop {
  private static let flag = Flag()

  static func onTerm() {
    // Made before a handler needs it, which may make nothing.
    _ = flag.isOn
    for number in [SIGTERM, SIGINT] { signal(number) { _ in Stop.flag.raise() } }
  }

  static var isAsked: Bool { flag.isOn }
}
