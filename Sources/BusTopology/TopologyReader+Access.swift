internal import BusProtocol

extension TopologyReader {
  mutating func access(_ root: Fields) -> AccessDefinition? {
    guard let node = root.node(TopologyKeys.access),
      let fields = fields(node, AccessKeys.table, of: "access")
    else { return nil }
    let access = AccessDefinition(
      keyDirectory: value(AccessKeys.keys, in: fields), keyFile: value(AccessKeys.key, in: fields),
      principals: principals(fields), position: position(fields.place))
    refuseHalf(AccessKeys.keys, without: AccessKeys.key, in: fields)
    refuseHalf(AccessKeys.key, without: AccessKeys.keys, in: fields)
    return access
  }

  /// Those who come in have to know whom they meet, and busd who comes: the two keys go together.
  private mutating func refuseHalf(_ key: Key<String>, without other: Key<String>, in fields: Fields) {
    guard let node = fields.node(key.entry), fields.node(other.entry) == nil else { return }
    report(
      at: node.place, "access has '\(key.name)' but lacks '\(other.name)'",
      help: "for example '\(other.entry.example)'")
  }

  private mutating func principals(_ access: Fields) -> [PrincipalDefinition] {
    named(AccessKeys.principals, in: access, "a principal", .name) { try Name($0) }.compactMap { principal in
      guard
        let fields = fields(
          principal.node, PrincipalKeys.table, of: "principal \(principal.name)", at: principal.place)
      else { return nil }
      var rights: [Right: [RightPattern]] = [:]
      for right in Right.allCases {
        let patterns = list(
          PrincipalKeys.entry(of: right), PrincipalKeys.form(of: right), what: "an entry of \(right.rawValue)",
          in: fields)
        if !patterns.isEmpty { rights[right] = patterns }
      }
      return PrincipalDefinition(name: principal.name, rights: rights, position: position(principal.place))
    }
  }

  /// What goes beyond this machine is for those who have keys.
  mutating func refuseOpenEndpoints(of bus: BusDefinition, access: AccessDefinition?, in root: Fields) {
    guard access?.keyDirectory == nil, let node = root.node(TopologyKeys.bus), case .map(let members) = node.content
    else { return }
    let endpoints = [
      (BusKeys.publish, bus.publish), (BusKeys.subscribe, bus.subscribe), (BusKeys.intake, bus.intake),
    ]
    for (key, endpoint) in endpoints {
      guard let endpoint, !endpoint.isOnThisMachine,
        let place = members.first(where: { $0.key == key.name })?.value.place
      else { continue }
      report(
        at: place, "\(key.name) reaches beyond this machine, which needs keys: \(endpoint)",
        help: "add 'access: { keys: /etc/bus/keys, key: /etc/bus/busd.key }', or write a loopback address")
    }
  }
}
