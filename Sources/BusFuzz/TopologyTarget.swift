internal import BusProtocol
internal import BusTopology

extension FuzzTarget {
  static let topology = FuzzTarget("topology", seeds: { FuzzSeeds.topologies.map { Array($0.utf8) } }) { bytes in
    let topology = try Topology(parsing: String(fuzz: bytes), file: "fuzz.yaml")
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
