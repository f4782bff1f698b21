internal import BusSupervisor

/// Numbers as people like them.
enum Brief {
  /// `38 ms`, `3.2 s`, `38 s`, `3m12s`, `2h3m`, `5d4h`.
  static func duration(_ duration: Duration) -> String { duration.brief }

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
}
