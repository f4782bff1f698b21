internal import CProcess
internal import Synchronization

/// What ps(1) shows of this process instead of its arguments: `search.1: Reindex 01JEXK7A…` (Linux).
enum ProcessTitle {
  /// The longest title, in bytes.
  static let maximumByteCount = 256

  private static let capacity = Mutex<Int?>(nil)

  /// Shows a text; it is cut where the system has no room for it.
  static func show(_ text: String) {
    capacity.withLock { capacity in
      if capacity == nil {
        // Read before they are overwritten: whoever asks for them later gets these.
        _ = CommandLine.arguments.count
        capacity = bus_title_open(maximumByteCount + 1)
      }
      bus_title_set(text, text.utf8.count)
    }
  }
}
