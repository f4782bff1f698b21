internal import Bus
internal import BusProtocol
internal import BusTopology

#if canImport(FoundationEssentials)
  internal import FoundationEssentials
#else
  internal import Foundation
#endif

/// Who may do what in the worlds that have rules: the topology of their busd, with the keys that it names.
enum Rules {
  /// One in four worlds has them.
  static func isGuarded(seed: UInt64) -> Bool { seed % 4 == 3 }

  /// What nobody may publish.
  static let secret = "secret_changed"

  static let topology = Result { () throws -> Topology in
    let directory = "\(try MemoryDirectory.path.get())/keys"
    try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
    for principal in ["service0", "service1", "shop", "tool", "tail", "plain"] {
      try KeyFile.create(.public, key: try KeyPair.generate().publicKey, at: "\(directory)/\(principal).pub")
    }
    let key = "\(try MemoryDirectory.path.get())/busd.key"
    try KeyFile.create(.secret, key: try KeyPair.generate().secretKey, at: key)
    return try Topology(parsing: text(keys: directory, key: key), file: "simulation.yaml")
  }

  private static func text(keys: String, key: String) -> String {
    """
    version: 1
    access:
      keys: \(keys)
      key: \(key)
      principals:
        service0: { publish: ["index_*", "move_*"] }
        service1: { publish: ["index_*", "move_*"] }
        plain: { publish: ["plain_*"] }
        tool: { publish: ["index_*", "move_*"], enqueue: ["shop/*"] }
        shop: { subscribe: ["*"], work: ["shop/*"], enqueue: ["shop/*"] }
        tail: { subscribe: ["*"] }
    engines:
      shop:
        binary: shop
        queues:
          default: {}
    """
  }
}
