/// Changes bytes at random, from a seed: what the tests do in the place of libFuzzer.
package struct FuzzMutation: RandomNumberGenerator {
  private var state: UInt64
  private static let telling: [UInt8] = [0, 1, 0x7F, 0x80, 0xFF] + Array("\"\\{}[]:,-0 *\n".utf8)

  /// The same seed makes the same changes.
  package init(seed: UInt64) { state = seed }

  /// SplitMix64.
  package mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var word = state
    word = (word ^ (word >> 30)) &* 0xBF58_476D_1CE4_E5B9
    word = (word ^ (word >> 27)) &* 0x94D0_49BB_1331_11EB
    return word ^ (word >> 31)
  }

  /// The bytes with one to four changes; a part of `other` may come into them.
  package mutating func change(_ bytes: [UInt8], with other: [UInt8]) -> [UInt8] {
    var changed = bytes
    for _ in 0...below(4) { changeOnce(&changed, with: other) }
    return changed
  }

  private mutating func changeOnce(_ bytes: inout [UInt8], with other: [UInt8]) {
    guard !bytes.isEmpty else {
      bytes = other
      return
    }
    let index = below(bytes.count)
    let end = min(bytes.count, index + 1 + below(16))
    switch below(7) {
    case 0: bytes[index] ^= 1 << UInt8(below(8))
    case 1: bytes[index] = FuzzMutation.telling[below(FuzzMutation.telling.count)]
    case 2: bytes.removeSubrange(index..<end)
    case 3: bytes.insert(contentsOf: bytes[index..<end], at: index)
    case 4: bytes.insert(FuzzMutation.telling[below(FuzzMutation.telling.count)], at: index)
    case 5: bytes.removeLast(bytes.count - index)
    default:
      guard !other.isEmpty else { return }
      let from = below(other.count)
      bytes.replaceSubrange(index..<end, with: other[from..<min(other.count, from + 1 + below(32))])
    }
  }

  private mutating func below(_ bound: Int) -> Int { Int(next() % UInt64(bound)) }
}
