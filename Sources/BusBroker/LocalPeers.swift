internal import BusTopology

#if canImport(Glibc)
  @preconcurrency internal import Glibc
#elseif canImport(Musl)
  @preconcurrency internal import Musl
#else
  @preconcurrency internal import Darwin
#endif

/// Whose processes may come over socket files, whatever the files' modes: the kernel says who connects.
///
/// busd's own user and root may always: the one has its files, the other has everything.
struct LocalPeers: Equatable {
  /// Users.
  let users: [UInt32]
  /// Groups: who is of one may come, whichever user it is.
  let groups: [UInt32]

  /// Looks the names of a topology up.
  init(_ definition: PeerDefinition, own: UInt32 = geteuid()) throws(BrokerError) {
    let named = try definition.users.map { name throws(BrokerError) in
      try LocalPeers.number(name, of: "user") { getpwnam($0).map { $0.pointee.pw_uid } }
    }
    groups = try definition.groups.map { name throws(BrokerError) in
      try LocalPeers.number(name, of: "group") { getgrnam($0).map { $0.pointee.gr_gid } }
    }
    users = Set([own, 0] + named).sorted()
  }

  private static func number(
    _ text: String, of noun: String, _ look: (String) -> UInt32?
  ) throws(BrokerError) -> UInt32 {
    if let number = UInt32(text) ?? look(text) { return number }
    throw BrokerError(
      .configuration, "this machine has no \(noun) \(text), whom access.peers names",
      help: "name another, or its number")
  }
}
