/// What operations cost when it was measured, each time; a tenth more is a failure. Who makes one cheaper writes it down.
///
/// Measured by `BusBench count`, for a debug build and for one with `-c release`.
enum Costs {
  static let tolerance = 1.1

  #if DEBUG
    static let allocations: [String: Double] = [
      "publish": 245, "encode": 56, "decode": 21, "check": 20, "append": 58, "intake": 2109, "fanout": 2001,
      "mark": 19, "enqueue": 125, "carry": 13, "match": 8,
    ]
  #else
    static let allocations: [String: Double] = [
      "publish": 245, "encode": 56, "decode": 21, "check": 20, "append": 58, "intake": 2109, "fanout": 2001,
      "mark": 19, "enqueue": 125, "carry": 13, "match": 8,
    ]
  #endif

  /// Instructions of a release build under callgrind.
  static let instructions: [String: Double] = [:]
}
