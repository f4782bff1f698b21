internal import Synchronization

/// The last lines of several.
final class LastLines: Sendable {
  private let maximumCount: Int
  private let lines = Mutex<[String]>([])

  init(_ maximumCount: Int) { self.maximumCount = maximumCount }

  func add(_ line: String) {
    lines.withLock { lines in
      lines.append(line)
      if lines.count > maximumCount { lines.removeFirst() }
    }
  }

  /// All of them, with line feeds between them.
  var text: String { lines.withLock { $0.joined(separator: "\n") } }
}
