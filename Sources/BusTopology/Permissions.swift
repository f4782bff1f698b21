public import BusProtocol

/// Who may do what, decided from rules and keys alone.
///
/// Without a topology's `access` section everything is allowed. With keys, who has none may nothing, and who has one may
/// what the rules say. `local`, who comes over a socket file, may everything unless the rules name it: its guard is the
/// file's owner and mode.
public struct Permissions: Sendable, Equatable {
  /// What was decided, and why.
  public enum Decision: Sendable, Equatable {
    /// It may; the rule says so.
    case allowed(by: String)
    /// It may not; what would have to be there.
    case denied(reason: String, help: String)

    /// Whether it may.
    public var isAllowed: Bool {
      if case .allowed = self { return true }
      return false
    }
  }

  /// Everything is allowed.
  public static let open = Permissions(rules: nil, keys: [])

  private let rules: [Name: [Right: [RightPattern]]]?
  private let keys: Set<Name>
  private let limitsByName: [Name: PrincipalLimits]
  /// Which events must be signed.
  public let signing: SigningDefinition

  /// The permissions of a topology's section, nil for none, with those who have a key.
  public init(_ access: AccessDefinition?, keys: Set<Name> = []) {
    guard let access else {
      self = .open
      return
    }
    self.init(
      rules: Dictionary(access.principals.map { ($0.name, $0.rights) }, uniquingKeysWith: { first, _ in first }),
      keys: keys, signing: access.signing,
      limits: Dictionary(access.principals.map { ($0.name, $0.limits) }, uniquingKeysWith: { first, _ in first }))
  }

  private init(
    rules: [Name: [Right: [RightPattern]]]?, keys: Set<Name>, signing: SigningDefinition = SigningDefinition(),
    limits: [Name: PrincipalLimits] = [:]
  ) {
    self.rules = rules
    self.keys = keys
    self.signing = signing
    limitsByName = limits
  }

  /// What all processes of a principal may take together; nil where nothing is said of it.
  public func limits(of principal: Name) -> PrincipalLimits? {
    limitsByName[principal].flatMap { $0 == PrincipalLimits() ? nil : $0 }
  }

  /// Whether somebody may sign events of a topic: whoever may publish them, also without a key for the network.
  public func maySign(_ signer: Name, _ topic: String) -> Bool {
    rules?[signer]?[.publish]?.contains { $0.covers(topic) } ?? false
  }

  /// Whether nobody has to be asked about.
  public var isOpen: Bool { rules == nil }

  /// Whether the principal is somebody: has a key, or comes over a local socket.
  public func knows(_ principal: Name) -> Bool {
    isOpen || principal == KeyDirectory.local || keys.contains(principal)
  }

  /// Decides about a name, or about all names that a pattern stands for.
  public func decide(_ principal: Name, _ right: Right, _ name: String) -> Decision {
    guard let rules else { return .allowed(by: "no access section: everything is allowed") }
    let isLocal = principal == KeyDirectory.local
    guard knows(principal) else {
      return .denied(
        reason: "\(principal) has no key", help: "put \(principal).pub into the directory that access.keys names")
    }
    guard let rights = rules[principal] else {
      if isLocal { return .allowed(by: "\(principal) comes over a local socket and no rule names it") }
      return .denied(reason: "no rule names \(principal)", help: Permissions.help(principal, right, name))
    }
    if let pattern = rights[right]?.first(where: { $0.covers(name) }) {
      return .allowed(by: "access.principals.\(principal).\(right.rawValue): \(pattern)")
    }
    let known = rights[right, default: []].map(\.text).joined(separator: ", ")
    let reason =
      known.isEmpty
      ? "\(principal) may \(right.rawValue) nothing" : "\(principal) may \(right.rawValue) only \(known)"
    return .denied(reason: reason, help: Permissions.help(principal, right, name))
  }

  /// The same, without the reasons.
  public func allows(_ principal: Name, _ right: Right, _ name: String) -> Bool {
    guard let rules else { return true }
    guard knows(principal) else { return false }
    guard let rights = rules[principal] else { return principal == KeyDirectory.local }
    return rights[right]?.contains { $0.covers(name) } ?? false
  }

  /// Whether the right is good for anything at all.
  public func hasAny(_ principal: Name, _ right: Right) -> Bool {
    guard let rules else { return true }
    guard knows(principal) else { return false }
    guard let rights = rules[principal] else { return principal == KeyDirectory.local }
    return rights[right]?.isEmpty == false
  }

  /// Whether a principal may the same under both.
  public func isSame(for principal: Name, as other: Permissions) -> Bool {
    isOpen == other.isOpen && knows(principal) == other.knows(principal)
      && rules?[principal] == other.rules?[principal]
  }

  private static func help(_ principal: Name, _ right: Right, _ name: String) -> String {
    "access.principals: { \(principal): { \(right.rawValue): [\"\(name)\"] } } would allow it"
  }
}
