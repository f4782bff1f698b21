internal import BusProtocol

extension TopologyText {
  static func add(_ access: AccessDefinition, to text: inout Lines) {
    let signing = access.signing
    let isEmpty = access == AccessDefinition(position: access.position)
    text.open(0, TopologyKeys.access.name, isEmpty: isEmpty)
    text.add(1, AccessKeys.keys.name, access.keyDirectory, isText: true)
    text.add(1, AccessKeys.key.name, access.keyFile, isText: true)
    text.add(1, AccessKeys.signers.name, signing.directory, isText: true)
    add(AccessKeys.signed, signing.topics.map(\.text), at: 1, to: &text)
    if signing.window != SigningDefinition.standardWindow {
      text.add(1, AccessKeys.signedWithin.name, signing.window.words)
    }
    text.add(1, AccessKeys.seal.name, access.sealFile, isText: true)
    if access.peers != PeerDefinition() { text.open(1, AccessKeys.peers.name) }
    add(PeerKeys.users, access.peers.users, at: 2, to: &text)
    add(PeerKeys.groups, access.peers.groups, at: 2, to: &text)
    if !access.principals.isEmpty { text.open(1, AccessKeys.principals.name) }
    for principal in access.principals { add(principal, to: &text) }
  }

  private static func add(_ principal: PrincipalDefinition, to text: inout Lines) {
    let limits = principal.limits
    let isUnlimited = limits == PrincipalLimits()
    text.open(2, principal.name.text, isEmpty: principal.rights.isEmpty && isUnlimited)
    for right in Right.allCases {
      add(PrincipalKeys.entry(of: right), principal.rights[right, default: []].map(\.text), at: 3, to: &text)
    }
    guard !isUnlimited else { return }
    text.open(3, PrincipalKeys.limits.name)
    text.add(4, PrincipalLimitKeys.sessions.name, limits.sessions.map { "\($0)" })
    text.add(4, PrincipalLimitKeys.subscriptions.name, limits.subscriptions.map { "\($0)" })
    text.add(4, PrincipalLimitKeys.events.name, limits.events?.description)
    text.add(4, PrincipalLimitKeys.bytes.name, limits.bytes?.description)
  }

  private static func add(_ key: KeyEntry, _ items: [String], at level: Int, to text: inout Lines) {
    guard !items.isEmpty else { return }
    text.open(level, key.name)
    for item in items { text.item(level + 1, item) }
  }
}
