internal import BusProtocol

extension Duration {
  /// The duration as people like it: `38 ms`, `3.2 s`, `38 s`, `3m12s`, `2h3m`, `5d4h`.
  package var brief: String {
    let microseconds = max(0, inMicroseconds)
    let milliseconds = microseconds / 1000
    let seconds = milliseconds / 1000
    switch milliseconds {
    case 0 where microseconds > 0: return "<1 ms"
    case ..<1000: return "\(milliseconds) ms"
    case ..<10_000:
      let tenths = milliseconds / 100 % 10
      return tenths == 0 ? "\(seconds) s" : "\(seconds).\(tenths) s"
    case ..<60_000: return "\(seconds) s"
    default: break
    }
    let (minutes, hours, days) = (seconds / 60, seconds / 3600, seconds / 86_400)
    if hours < 1 { return Self.join((minutes, "m"), (seconds % 60, "s")) }
    if days < 1 { return Self.join((hours, "h"), (minutes % 60, "m")) }
    return Self.join((days, "d"), (hours % 24, "h"))
  }

  private static func join(_ large: (Int64, String), _ small: (Int64, String)) -> String {
    "\(large.0)\(large.1)" + (small.0 > 0 ? "\(small.0)\(small.1)" : "")
  }
}
