/// Whose processes may come over socket files, beside busd's own user and root: `peers` of the `access` section.
public struct PeerDefinition: Sendable, Equatable {
  /// Users, by name or number.
  public var users: [String]
  /// Groups, by name or number.
  public var groups: [String]

  /// Nobody else.
  public init(users: [String] = [], groups: [String] = []) {
    self.users = users
    self.groups = groups
  }
}
