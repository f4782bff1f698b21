import Foundation

/// A busd that listens on TCP and asks for keys: its topology, the keys of the crew, and those of a stranger.
struct Door {
  private let directory: String
  private let address: String
  private let port: Int

  /// Makes the keys and the topology in the bed's directory.
  init(_ bed: Bed, address: String, port: Int) async throws {
    (directory, self.address, self.port) = (bed.directory, address, port)
    let keys = "\(directory)/keys"
    try FileManager.default.createDirectory(atPath: keys, withIntermediateDirectories: true)
    for (name, place) in [("busd", directory), ("crew", keys), ("stranger", directory)] {
      let (code, text) = try await bed.bus(["keygen", name, "--directory", place], at: Bed.Place())
      guard code == 0 else { throw ProofError("bus keygen \(name): \(text)") }
    }
    let topology = """
      version: 1
      bus:
        publish: tcp://\(address):\(port)
        subscribe: tcp://\(address):\(port + 1)
        intake: tcp://\(address):\(port + 2)
      access:
        keys: \(keys)
        key: \(directory)/busd.key
        principals:
          crew: { publish: ["*"], subscribe: ["*"], enqueue: ["*"], work: ["*"], admin: ["*"] }
      engines:
        proof: { binary: \(Child.path("BusProof")), arguments: [worker] }

      """
    try Data(topology.utf8).write(to: URL(filePath: "\(directory)/topology.yaml"))
  }

  /// What busd is started with.
  var arguments: [String] { ["--topology", "\(directory)/topology.yaml", "--segment-mib", "4"] }

  /// Where somebody with these keys is.
  func place(key: String = "keys/crew") -> Bed.Place {
    Bed.Place(
      environment: [
        "BUS_ENDPOINT": "tcp://\(address):\(port)", "BUS_KEY_FILE": "\(directory)/\(key).key",
        "BUS_SERVER_KEY": "\(directory)/busd.pub",
      ])
  }
}
