import Testing

/// Who may import whom: the table that the architecture article draws.
struct LayerTests {
  /// Our modules that a target may import. SwiftPM refuses an undeclared sibling, but not one that comes along.
  static let allowed: [String: Set<String>] = [
    "ZeroMQ": ["CZeroMQ"],
    "BusProtocol": ["CChecksum"],
    "BusSpool": ["BusProtocol"],
    "BusStore": ["BusProtocol"],
    "BusTopology": ["BusProtocol"],
    "BusBroker": ["BusProtocol", "ZeroMQ", "BusSpool", "BusStore", "BusTopology"],
    "Bus": ["BusProtocol", "CProcess", "ZeroMQ", "BusSpool"],
    "BusSupervisor": ["BusTopology", "BusProtocol"],
    "BusTesting": ["Bus", "BusBroker", "BusProtocol", "BusStore", "BusTopology"],
    "BusdCommand": ["BusBroker", "BusProtocol", "BusSpool", "BusTopology", "CProcess"],
    "BusCommand": ["Bus", "BusProtocol", "BusSpool", "BusSupervisor", "BusTopology"],
    "Shop": ["Bus"],
    "BusBench": ["Bus", "BusBroker", "BusProtocol", "BusSpool", "BusStore"],
    "BusFuzz": ["BusProtocol"],
  ]

  /// Libraries that only some targets may know: each is a decision.
  static let reserved: [String: Set<String>] = [
    "GRDB": ["BusStore", "Shop"],
    "GRDBSQLite": ["BusStore"],
    "Yams": ["BusTopology"],
    "ArgumentParser": ["BusCommand", "BusdCommand"],
    "Subprocess": ["BusSupervisor"],
    "CZeroMQ": ["ZeroMQ"],
    "CChecksum": ["BusProtocol"],
    "CProcess": ["Bus", "BusdCommand"],
  ]

  static let tree = Result { try SourceTree() }

  @Test func `a target imports only what lies below it`() throws {
    let ours = Set(LayerTests.allowed.keys).union(["CZeroMQ", "CChecksum", "CProcess"])
    for file in try LayerTests.tree.get().sources {
      let allowed = try #require(LayerTests.allowed[file.target], "\(file.path) is in a target without a layer")
      for module in file.imports where ours.contains(module) {
        #expect(allowed.contains(module), "\(file.path) imports \(module)")
      }
    }
  }

  @Test func `a library is known only where it was decided`() throws {
    for file in try LayerTests.tree.get().sources {
      for module in file.imports {
        guard let targets = LayerTests.reserved[module] else { continue }
        #expect(targets.contains(file.target), "\(file.path) imports \(module)")
      }
    }
  }

  @Test func `full Foundation stays out of what a service links`() throws {
    for file in try LayerTests.tree.get().sources
    where ["Bus", "BusProtocol", "BusSpool", "ZeroMQ", "BusCommand", "BusBroker"].contains(file.target) {
      // The other branch of a canImport(FoundationEssentials) is for systems that have no other.
      guard file.imports.contains("Foundation") else { continue }
      #expect(file.imports.contains("FoundationEssentials"), "\(file.path) imports all of Foundation")
    }
  }
}
