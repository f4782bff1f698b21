internal import BusProtocol

extension TopologyReader {
  mutating func access(_ root: Fields) -> AccessDefinition? {
    guard let node = root.node(TopologyKeys.access),
      let fields = fields(node, AccessKeys.table, of: "access")
    else { return nil }
    var access = AccessDefinition(
      keyDirectory: value(AccessKeys.keys, in: fields), keyFile: value(AccessKeys.key, in: fields),
      principals: principals(fields), position: position(fields.place))
    access.signing = signing(fields)
    access.sealFile = value(AccessKeys.seal, in: fields)
    access.peers = peers(fields)
    refuseHalf(AccessKeys.keys, without: AccessKeys.key, in: fields)
    refuseHalf(AccessKeys.key, without: AccessKeys.keys, in: fields)
    return access
  }

  private mutating func signing(_ access: Fields) -> SigningDefinition {
    let signing = SigningDefinition(
      directory: value(AccessKeys.signers, in: access),
      topics: list(AccessKeys.signed, PrincipalKeys.topic, what: "an entry of signed", in: access),
      window: value(AccessKeys.signedWithin, in: access) ?? SigningDefinition.standardWindow)
    if !signing.topics.isEmpty, access.node(AccessKeys.signers.entry) == nil, access.node(AccessKeys.keys.entry) == nil,
      let node = access.node(AccessKeys.signed)
    {
      report(
        at: node.place, "access has 'signed', but no directory with the keys of those who sign",
        help: "for example '\(AccessKeys.signers.entry.example)'")
    }
    return signing
  }

  private mutating func peers(_ access: Fields) -> PeerDefinition {
    guard let node = access.node(AccessKeys.peers), let fields = fields(node, PeerKeys.table, of: "access.peers")
    else { return PeerDefinition() }
    return PeerDefinition(
      users: list(PeerKeys.users, PeerKeys.account, what: "a user", in: fields),
      groups: list(PeerKeys.groups, PeerKeys.account, what: "a group", in: fields))
  }

  private mutating func limits(of principal: Fields) -> PrincipalLimits {
    guard let node = principal.node(PrincipalKeys.limits),
      let fields = fields(node, PrincipalLimitKeys.table, of: "limits of \(principal.owner)")
    else { return PrincipalLimits() }
    return PrincipalLimits(
      sessions: value(PrincipalLimitKeys.sessions, in: fields),
      subscriptions: value(PrincipalLimitKeys.subscriptions, in: fields),
      events: value(PrincipalLimitKeys.events, in: fields), bytes: value(PrincipalLimitKeys.bytes, in: fields))
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
      var definition = PrincipalDefinition(name: principal.name, rights: rights, position: position(principal.place))
      definition.limits = limits(of: fields)
      return definition
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
