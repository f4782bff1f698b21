internal import BusProtocol

extension TopologyCheck {
  /// Holds the rules of a topology against the keys that are there, both ways.
  public static func access(_ topology: Topology) -> [TopologyAdvice] {
    guard let access = topology.access, let directory = access.keyDirectoryPath else { return [] }
    do {
      return self.access(access, keys: try KeyDirectory(reading: directory).names, directory: directory)
    } catch {
      // The file may be checked where the keys are not.
      return [TopologyAdvice(.warning, at: access.position, "keys: \(error.message)", help: error.help)]
    }
  }

  static func access(_ access: AccessDefinition, keys: Set<Name>, directory: String) -> [TopologyAdvice] {
    let named = Set(access.principals.map(\.name))
    let keyless = access.principals.filter { $0.name != KeyDirectory.local && !keys.contains($0.name) }.map {
      TopologyAdvice(
        .warning, at: $0.position,
        "principal \($0.name) has rules, but no key: \(directory)/\($0.name).pub is not there",
        help: "make a pair with 'bus keygen \($0.name)' and put \($0.name).pub there")
    }
    let ruleless = keys.subtracting(named).sorted().map {
      TopologyAdvice(
        .warning, at: access.position, "\($0) has a key, but no rule names it: it may come in and do nothing",
        help: "name it under access.principals, or remove \(directory)/\($0).pub")
    }
    return keyless + ruleless
  }
}
