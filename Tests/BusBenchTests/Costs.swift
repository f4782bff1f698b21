/// What operations cost when it was measured, each time; a tenth more is a failure. Who makes one cheaper writes it down.
///
/// Measured by `BusBench count`.
enum Costs {
  static let tolerance = 1.1

  #if DEBUG
    static let allocations: [String: Double] = [
      "publish": 245, "encode": 56, "decode": 17, "check": 36, "append": 58, "intake": 3709, "fanout": 2001,
      "mark": 19, "enqueue": 125, "carry": 13, "match": 8,
    ]
    static let instructions: [String: Double] = [
      "publish": 259_800, "encode": 147_000, "decode": 23_700, "check": 24_700, "append": 179_300,
      "intake": 2_590_500, "fanout": 1_146_500, "mark": 116_400, "enqueue": 286_500, "carry": 95_300,
      "match": 59_700,
    ]
  #else
    static let allocations: [String: Double] = [
      "publish": 1.03, "encode": 0.01, "decode": 1, "check": 0.01, "append": 1.01, "intake": 8, "fanout": 8,
      "mark": 4, "enqueue": 9, "carry": 2, "match": 1,
    ]
    static let instructions: [String: Double] = [
      "publish": 8775, "encode": 2642, "decode": 3232, "check": 1317, "append": 9724, "intake": 145_298,
      "fanout": 44_643, "mark": 10_891, "enqueue": 27_064, "carry": 9236, "match": 5698,
    ]
  #endif
}
