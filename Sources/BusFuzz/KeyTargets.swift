internal import BusProtocol
internal import ZeroMQ

extension FuzzTarget {
  private static let halves = [KeyFile.Half.public, .secret]

  static let keyTargets = [
    FuzzTarget("key", seeds: { halves.map { Array("\($0.rawValue) \(FuzzSeeds.key)\n".utf8) } }) { bytes in
      let keys = halves.compactMap { half in
        (try? KeyFile.key(half, in: bytes, of: "a")).map { (half, $0) }
      }
      try require(keys.count < 2, "a key is both halves")
      guard let (half, key) = keys.first else {
        _ = try KeyFile.key(.public, in: bytes, of: "a")
        return
      }
      try comesBack(key, as: "a key") { try KeyFile.key(half, in: Array("\(half.rawValue) \(key)\n".utf8), of: "a") }
      // Z85 knows characters whose number is more than four bytes hold; what is a key comes back.
      if let bytes = CurveKeys.bytes(of: key) {
        try require(CurveKeys.text(of: bytes).map { CurveKeys.bytes(of: $0) } == bytes, "a key's bytes change")
      }
    }
  ]
}
