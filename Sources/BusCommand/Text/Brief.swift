internal import BusProtocol

/// Numbers as people like them.
enum Brief {
  /// `38 ms`, `3.2 s`, `38 s`, `3m12s`, `2h3m`, `5d4h`.
  static func duration(_ duration: Duration) -> String {
    let microseconds = max(0, duration.inMicroseconds)
    let milliseconds = microseconds / 1000
    let seconds = milliseconds / 1000
    switch milliseconds {
    case 0 where microseconds > 0: return "<1 ms"
    case ..<1000: return "\(milliseconds) ms"
    case ..<10_000: return "\(seconds).\(milliseconds / 100 % 10) s"
    case ..<60_000: return "\(seconds) s"
    default: break
    }
    let (minutes, hours, days) = (seconds / 60, seconds / 3600, seconds / 86_400)
    if hours < 1 { return join((minutes, "m"), (seconds % 60, "s")) }
    if days < 1 { return join((hours, "h"), (minutes % 60, "m")) }
    return join((days, "d"), (hours % 24, "h"))
  }

  /// `812 B`, `3.1 GiB`.
  static func bytes(_ count: UInt64) -> String {
    var scale: UInt64 = 1
    var unit = "B"
    for name in ["KiB", "MiB", "GiB", "TiB", "PiB"] where count / scale >= 1024 {
      scale <<= 10
      unit = name
    }
    guard scale > 1 else { return "\(count) B" }
    let tenths = count / (scale / 1024) * 10 / 1024
    return tenths < 100 ? "\(tenths / 10).\(tenths % 10) \(unit)" : "\(count / scale) \(unit)"
  }

  /// `1 job`, `2 jobs`.
  static func count(_ count: Int, _ noun: String) -> String { "\(count) \(noun)\(count == 1 ? "" : "s")" }

  private static func join(_ large: (Int64, String), _ small: (Int64, String)) -> String {
    "\(large.0)\(large.1)" + (small.0 > 0 ? "\(small.0)\(small.1)" : "")
  }
}
