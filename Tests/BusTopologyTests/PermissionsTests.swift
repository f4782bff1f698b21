import BusProtocol
import Testing

@testable import BusTopology

/// Who may do what, as a table.
@Suite struct PermissionsTests {
  static let file = """
    version: 1
    access:
      keys: keys
      key: busd.key
      principals:
        account: { publish: ["user_*", "postal_code_changed"], enqueue: ["mail/*"] }
        search: { subscribe: ["user_*"], work: ["search/*"], enqueue: ["search/default"] }
        ops: { admin: ["*"] }
        watcher: { admin: [status, "pause_*"], subscribe: ["*"] }
        retired: { publish: ["*"] }
        nothing: {}
    """

  static func permissions(_ text: String = file, keys: Set<Name>? = nil) throws -> Permissions {
    let keys = keys ?? ["account", "search", "ops", "watcher", "nothing", "ruleless"]
    return Permissions(try Topology(parsing: text, file: "etc/bus.yaml").access, keys: keys)
  }

  static let table: [(Name, Right, String, Bool)] = [
    ("account", .publish, "user_changed", true), ("account", .publish, "user_", true),
    ("account", .publish, "postal_code_changed", true), ("account", .publish, "postal_code_changed2", false),
    ("account", .publish, "order_paid", false), ("account", .publish, "", false),
    ("account", .subscribe, "user_changed", false), ("account", .enqueue, "mail/default", true),
    ("account", .enqueue, "mails/default", false), ("account", .work, "mail/default", false),
    ("account", .admin, "status", false),
    // A pattern is allowed when all that it stands for is.
    ("search", .subscribe, "user_*", true), ("search", .subscribe, "user_changed", true),
    ("search", .subscribe, "user_*_done", true), ("search", .subscribe, "*", false),
    ("search", .subscribe, "user*", false), ("search", .subscribe, "*_changed", false),
    ("search", .work, "search/default", true), ("search", .work, "search/user_index", true),
    ("search", .work, "billing/default", false), ("search", .enqueue, "search/default", true),
    ("search", .enqueue, "search/slow", false), ("search", .publish, "user_changed", false),
    ("ops", .admin, "cancel_jobs", true), ("ops", .publish, "user_changed", false),
    ("watcher", .admin, "status", true), ("watcher", .admin, "statuses", false),
    ("watcher", .admin, "pause_queue", true), ("watcher", .admin, "resume_queue", false),
    ("watcher", .subscribe, "anything", true), ("watcher", .subscribe, "*", true),
    // A rule without a key, a key without a rule, neither.
    ("retired", .publish, "user_changed", false), ("ruleless", .publish, "user_changed", false),
    ("nothing", .publish, "user_changed", false), ("stranger", .publish, "user_changed", false),
    ("local", .publish, "user_changed", true), ("local", .admin, "cancel_jobs", true),
  ]

  @Test func `I31 each principal may what its rules say and nothing else`() throws {
    let permissions = try Self.permissions()
    for (principal, right, name, isAllowed) in Self.table {
      #expect(permissions.decide(principal, right, name).isAllowed == isAllowed, "\(principal) \(right) \(name)")
      #expect(permissions.allows(principal, right, name) == isAllowed, "\(principal) \(right) \(name)")
    }
  }

  @Test func `a refusal names the rule that would allow it, an answer the rule that does`() throws {
    let permissions = try Self.permissions()
    #expect(
      permissions.decide("account", .publish, "order_paid")
        == .denied(
          reason: "account may publish only user_*, postal_code_changed",
          help: #"access.principals: { account: { publish: ["order_paid"] } } would allow it"#))
    #expect(
      permissions.decide("retired", .publish, "x")
        == .denied(reason: "retired has no key", help: "put retired.pub into the directory that access.keys names"))
    #expect(
      permissions.decide("account", .publish, "user_1") == .allowed(by: "access.principals.account.publish: user_*"))
    #expect(permissions.hasAny("account", .publish) && !permissions.hasAny("account", .work))
    #expect(!permissions.hasAny("retired", .publish) && permissions.hasAny("local", .work))
  }

  @Test func `without a section everything is allowed, and local may all until a rule names it`() throws {
    #expect(Permissions.open.isOpen && Permissions.open.allows("anyone", .admin, "cancel_jobs"))
    #expect(Permissions(nil) == .open)
    let text = #"{ version: 1, access: { principals: { local: { subscribe: ["*"] } } } }"#
    let permissions = try Self.permissions(text, keys: [])
    #expect(permissions.allows("local", .subscribe, "*") && !permissions.allows("local", .publish, "user_changed"))
    #expect(!permissions.allows("account", .subscribe, "user_changed"))
  }

  @Test func `a change of rules is a change for whom it concerns`() throws {
    let before = try Self.permissions()
    let after = try Self.permissions(keys: ["search", "ops", "watcher", "nothing", "ruleless"])
    #expect(!after.isSame(for: "account", as: before))
    #expect(after.isSame(for: "search", as: before) && after.isSame(for: "local", as: before))
    #expect(!Permissions.open.isSame(for: "local", as: before))
  }

  @Test func `keys lie beside the file, and the section is shown as it was read`() throws {
    let topology = try Topology(parsing: Self.file, file: "etc/bus.yaml")
    #expect(topology.access?.keyDirectoryPath == "etc/keys")
    #expect(topology.access?.keyFilePath == "etc/busd.key")
    let again = try Topology(parsing: TopologyText.yaml(topology), file: "etc/bus.yaml")
    #expect(TopologyText.yaml(again) == TopologyText.yaml(topology))
    #expect(again.access?.principals.map(\.rights) == topology.access?.principals.map(\.rights))
    let far = "bus: { publish: \"tcp://0.0.0.0:5570\" }\n"
    #expect(try Topology(parsing: Self.file + "\n" + far, file: "f").bus.publish?.isOnThisMachine == false)
  }

  @Test func `advice tells of rules without a key and of keys without a rule`() throws {
    let access = try #require(try Topology(parsing: Self.file, file: "f").access)
    let advice = TopologyCheck.access(
      access, keys: ["account", "search", "ops", "watcher", "nothing", "ruleless"], directory: "/k")
    #expect(
      advice.map(\.problem) == [
        "principal retired has rules, but no key: /k/retired.pub is not there",
        "ruleless has a key, but no rule names it: it may come in and do nothing",
      ])
    #expect(advice.allSatisfy { $0.level == .warning })
  }
}
