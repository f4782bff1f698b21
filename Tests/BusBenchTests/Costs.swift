/// What operations cost when it was measured, each time; a tenth more is a failure. Who makes one cheaper writes it down.
///
/// Measured by `BusBench count`.
enum Costs {
  static let tolerance = 1.1

  #if DEBUG
    static let allocations: [String: Double] = [
      "publish": 245, "encode": 56, "decode": 13, "check": 32, "append": 60, "intake": 3309, "fanout": 2001,
      "mark": 19, "enqueue": 126, "carry": 13, "match": 8,
    ]
    static let instructions: [String: Double] = [
      "publish": 264_200, "encode": 147_200, "decode": 26_600, "check": 22_900, "append": 196_800,
      "intake": 2_399_500, "fanout": 1_146_300, "mark": 116_500, "enqueue": 286_300, "carry": 95_200,
      "match": 59_600,
    ]
  #else
    static let allocations: [String: Double] = [
      "publish": 1.03, "encode": 0.01, "decode": 1, "check": 0.01, "append": 1.01, "intake": 8, "fanout": 8,
      "mark": 4, "enqueue": 9, "carry": 2, "match": 1,
    ]
    static let instructions: [String: Double] = [
      "publish": 9998, "encode": 2642, "decode": 4424, "check": 1351, "append": 10_959, "intake": 147_904,
      "fanout": 45_542, "mark": 10_899, "enqueue": 27_064, "carry": 9238, "match": 5751,
    ]
  #endif
}
