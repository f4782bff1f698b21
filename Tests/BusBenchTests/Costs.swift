/// What operations cost when it was measured, each time; a tenth more is a failure. Who makes one cheaper writes it down.
///
/// Measured by `BusBench count`; a release build is held to the figures of a debug build until its own stand here.
enum Costs {
  static let tolerance = 1.1

  static let allocations: [String: Double] = [
    "publish": 245, "encode": 56, "decode": 21, "check": 36, "append": 58, "intake": 3709, "fanout": 2001,
    "mark": 19, "enqueue": 125, "carry": 13, "match": 8,
  ]

  /// Instructions of a release build under callgrind; what has none is printed.
  static let instructions: [String: Double] = [:]
}
