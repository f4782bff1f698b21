internal import BusProtocol
internal import BusTopology

extension FuzzTarget {
  /// A file of the one who reads the errors: it names every mistake with its line, so they may be long.
  static let topology = FuzzTarget(
    "topology", maximumErrorByteCount: .max, seeds: { FuzzSeeds.topologies.map { Array($0.utf8) } }
  ) { bytes in
    let topology = try Topology(parsing: try required(String(validating: bytes, as: UTF8.self)), file: "fuzz.yaml")
    let text = TopologyText.yaml(topology)
    // The parser drops a byte order mark that begins a text.
    guard !bytes.contains(0xEF) else { return }
    try comesBack(TopologyText.yaml(topology), as: "a topology") {
      TopologyText.yaml(try Topology(parsing: text, file: "fuzz.yaml"))
    }
    _ = TopologyText.shown(topology)
    _ = TopologyCheck.check(topology, declarations: [])
  }
}
