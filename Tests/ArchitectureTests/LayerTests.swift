import Testing

/// Who may import whom: the table that the architecture article draws.
struct LayerTests {
  /// Our modules that a target may import. SwiftPM refuses an undeclared sibling, but not one that comes along.
  static let allowed: [String: Set<String>] = [
    "ZeroMQ": ["CZeroMQ"],
    "BusProtocol": ["CChecksum"],
    "BusSigning": ["BusProtocol"],
    "BusSpool": ["BusProtocol"],
    "BusStore": ["BusProtocol", "CSQLite"],
    "BusTopology": ["BusProtocol"],
    "BusBroker": ["BusProtocol", "BusSigning", "ZeroMQ", "BusSpool", "BusStore", "BusTopology"],
    "Bus": ["BusProtocol", "BusSigning", "CProcess", "ZeroMQ", "BusSpool"],
    "BusSupervisor": ["BusTopology", "BusProtocol", "CProcess"],
    "BusTesting": ["Bus", "BusBroker", "BusProtocol", "BusStore", "BusTopology"],
    "BusdCommand": ["BusBroker", "BusProtocol", "BusSpool", "BusStore", "BusTopology", "CProcess"],
    "BusCommand": ["Bus", "BusProtocol", "BusSigning", "BusSpool", "BusSupervisor", "BusTopology"],
    "Shop": ["Bus"],
    "BusBench": ["Bus", "BusBroker", "BusProtocol", "BusSpool", "CAllocations", "ZeroMQ"],
    "BusFuzz": ["Bus", "BusProtocol", "BusSigning", "BusSpool", "BusTopology", "ZeroMQ"],
    "BusSimulation": ["Bus", "BusBroker", "BusProtocol", "BusSpool", "BusStore", "BusTopology", "ZeroMQ"],
    "BusProof": ["Bus", "BusProtocol", "BusSpool"],
  ]

  /// The targets of C.
  static let native: Set<String> = ["CZeroMQ", "CAllocations", "CChecksum", "CProcess", "CSQLite"]

  /// Libraries that only some targets may know: each is a decision.
  static let reserved: [String: Set<String>] = [
    "GRDB": ["BusStore", "Shop"],
    "GRDBSQLite": ["BusStore"],
    "Crypto": ["BusSigning"],
    "Yams": ["BusTopology"],
    "ArgumentParser": ["BusBench", "BusCommand", "BusdCommand", "BusProof", "BusSimulation"],
    "CZeroMQ": ["ZeroMQ"],
    "CAllocations": ["BusBench"],
    "CChecksum": ["BusProtocol"],
    "CProcess": ["Bus", "BusSupervisor", "BusdCommand"],
    "CSQLite": ["BusStore"],
  ]

  static let tree = Result { try SourceTree() }

  @Test func `a target imports only what lies below it`() throws {
    let ours = Set(LayerTests.allowed.keys).union(LayerTests.native)
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

  /// What a library is called in the article, by the modules that are imported of it.
  static let libraries = [
    "ArgumentParser": "ArgumentParser", "Crypto": "swift-crypto", "GRDB": "GRDB", "GRDBSQLite": "GRDB",
    "Logging": "swift-log",
    "ServiceLifecycle": "ServiceLifecycle", "UnixSignals": "ServiceLifecycle", "Yams": "Yams",
  ]

  @Test func `the architecture article's table says what each target imports`() throws {
    let files = try LayerTests.tree.get().sources
    let text = try SourceTree.text(of: "Sources/Bus/Documentation.docc/Architecture.md")
    let rows = text.split(separator: "\n").filter { $0.hasPrefix("|") }.map { row in
      row.dropFirst().dropLast().split(separator: "|", omittingEmptySubsequences: false).map { cell in
        cell.split(separator: " ").map(String.init)
      }
    }
    for target in Set(files.map(\.target)).sorted() {
      let row = try #require(rows.first { $0[0] == [target] && $0.count == 4 }, "the table has no row \(target)")
      let imports = Set(files.filter { $0.target == target }.flatMap(\.imports))
      let ours = imports.filter { LayerTests.allowed[$0] != nil || LayerTests.native.contains($0) }
      #expect(row[2] == ours.sorted(), "\(target) imports of ours")
      #expect(row[3] == Set(imports.compactMap { LayerTests.libraries[$0] }).sorted(), "\(target) imports")
    }
  }

  @Test func `full Foundation stays out of what a service links`() throws {
    for file in try LayerTests.tree.get().sources
    where ["Bus", "BusProtocol", "BusSigning", "BusSpool", "ZeroMQ", "BusCommand", "BusBroker"].contains(file.target) {
      // The other branch of a canImport(FoundationEssentials) is for systems that have no other.
      guard file.imports.contains("Foundation") else { continue }
      #expect(file.imports.contains("FoundationEssentials"), "\(file.path) imports all of Foundation")
    }
  }
}
