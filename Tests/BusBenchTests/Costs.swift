/// What operations cost when it was measured, each time; a tenth more is a failure. Who makes one cheaper writes it down.
///
/// Measured by `BusBench count`.
enum Costs {
  static let tolerance = 1.1

  #if DEBUG
    static let allocations: [String: Double] = [
      "publish": 7.03, "encode": 2, "decode": 13, "check": 32, "append": 6, "intake": 134, "fanout": 19,
      "mark": 19, "enqueue": 114, "carry": 13, "match": 8,
    ]
    static let instructions: [String: Double] = [
      "publish": 60_100, "encode": 18_500, "decode": 26_500, "check": 22_800, "append": 62_200,
      "intake": 1_108_000, "fanout": 367_500, "mark": 116_500, "enqueue": 277_200, "carry": 95_500,
      "match": 59_600,
    ]
  #else
    static let allocations: [String: Double] = [
      "publish": 1.03, "encode": 0.01, "decode": 1, "check": 0.01, "append": 1.01, "intake": 1.01, "fanout": 8,
      "mark": 4, "enqueue": 9, "carry": 2, "match": 1,
    ]
    static let instructions: [String: Double] = [
      "publish": 6240, "encode": 1890, "decode": 4435, "check": 1305, "append": 7616, "intake": 85_874,
      "fanout": 39_112, "mark": 10_890, "enqueue": 26_583, "carry": 9236, "match": 5753,
    ]
  #endif
}
