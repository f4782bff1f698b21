import Foundation
import Synchronization

/// Whether this process was asked to end.
enum Stop {
  // Made by onTerm, before a handler needs it, which may make nothing.
  private static let asked = Atomic(false)

  static func onTerm() {
    _ = isAsked
    for number in [SIGTERM, SIGINT] { signal(number) { _ in Stop.asked.store(true, ordering: .releasing) } }
  }

  static var isAsked: Bool { asked.load(ordering: .acquiring) }
}
