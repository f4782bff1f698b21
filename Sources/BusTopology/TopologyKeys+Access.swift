internal import BusProtocol

/// The section `access`.
enum AccessKeys {
  static let keys = Key(
    "keys", .path,
    "The directory of the public keys of those who may come in over tcp: NAME.pub of each, made with 'bus keygen'. "
      + "A relative one lies beside this file.",
    example: "/etc/bus/keys")
  static let key = Key(
    "key", .path, "busd's own secret key, made with 'bus keygen busd'.", example: "/etc/bus/busd.key")
  static let signers = Key(
    "signers", .path,
    "The directory of the public keys of those who sign events: NAME.verify of each, made with "
      + "'bus keygen --signing'. Without it: that of keys.",
    example: "/etc/bus/signers")
  static let signed = KeyEntry(
    "signed", .list(PrincipalKeys.topic.schema),
    "Topics whose events are taken only when somebody signed them who may publish them.",
    example: "signed: [\"order_*\"]")
  static let signedWithin = Key(
    "signed_within", .duration(.seconds(1)...SigningDefinition.maximumWindow),
    "How old a signed event may be when it comes; one that waited longer in its outbox is refused.", example: "1h",
    standard: .string(SigningDefinition.standardWindow.words))
  static let seal = Key(
    "seal", .path,
    "The secret key with which busd seals the contexts of jobs, made with 'bus keygen --signing busd'. "
      + "Without it: none.",
    example: "/etc/bus/busd.sign")
  static let peers = KeyEntry(
    "peers", .map(PeerKeys.table),
    "Whose processes may come over socket files, beside busd's own user and root. "
      + "The directory must let them in too.",
    example: "peers: { users: [web], groups: [deploy] }")
  static let principals = KeyEntry(
    "principals", .maps(.name, PrincipalKeys.table),
    "What each may do, by the name of its key; 'local' is who comes over ipc. Who is not named may nothing, but local "
      + "everything.",
    example: "principals: { account: { publish: [\"user_*\"] } }")
  static let table = KeyTable(
    "access", [keys.entry, key.entry, principals, signers.entry, signed, signedWithin.entry, seal.entry, peers])
}

/// The section `access.peers`.
enum PeerKeys {
  static let account = ValueForm<String>(schema: ["type": ["string", "integer"], "pattern": "^[A-Za-z0-9_.-]{1,64}$"]) {
    text throws(WrongValue) in
    let isValid = text.utf8.allSatisfy { Name.isNameByte($0) && $0 != UInt8(ascii: ":") }
    guard isValid, (1...64).contains(text.utf8.count) else { throw WrongValue("must be a name or a number") }
    return text
  }
  static let users = KeyEntry(
    "users", .list(account.schema), "Users, by name or number.", example: "users: [web, 1001]")
  static let groups = KeyEntry(
    "groups", .list(account.schema), "Groups, by name or number.", example: "groups: [deploy]")
  static let table = KeyTable("access.peers", [users, groups])
}

/// What all processes of one principal may take together.
enum PrincipalLimitKeys {
  static let sessions = Key(
    "sessions", .wholeNumber(1...1_000_000), "The most processes that are connected at once.", example: "20")
  static let subscriptions = Key(
    "subscriptions", .wholeNumber(1...1_000_000), "The most subscriptions.", example: "50")
  static let events = Key(
    "events", .rate, "How many events they may send in a second, minute, hour or day; more wait in the outboxes.",
    example: "1000/s")
  static let bytes = Key(
    "bytes", .byteCount, "How many bytes of events they may send in a second; more wait in the outboxes.",
    example: "5MiB")
  static let table = KeyTable("limits", [sessions.entry, subscriptions.entry, events.entry, bytes.entry])
}

/// One of `principals`.
enum PrincipalKeys {
  static let topic = ValueForm<RightPattern>.pattern("a topic", characters: "A-Za-z0-9_.:*-", example: "user_*")
  static let fullName = ValueForm<RightPattern>.pattern(
    "ENGINE/NAME", characters: "A-Za-z0-9_.:*/-", example: "search/*")
  static let word = ValueForm<RightPattern>.pattern("a word", characters: "a-z_*", example: "status")

  static func form(of right: Right) -> ValueForm<RightPattern> {
    switch right {
    case .publish, .subscribe: topic
    case .enqueue, .work: fullName
    case .admin: word
    }
  }

  static func entry(of right: Right) -> KeyEntry {
    KeyEntry(
      right.rawValue, .list(form(of: right).schema), summary(of: right), example: example(of: right))
  }

  static let limits = KeyEntry(
    "limits", .map(PrincipalLimitKeys.table), "What all its processes may take together; without it: any number.",
    example: "limits: { events: 1000/s, sessions: 20 }")
  static let table = KeyTable("principal", Right.allCases.map(entry) + [limits])

  private static func summary(of right: Right) -> String {
    switch right {
    case .publish: "Topics whose events it may publish; * stands for any run of characters."
    case .subscribe: "Topics whose events it may hear and read. With \"*\" it may listen to the live endpoint itself."
    case .enqueue: "Queues, ENGINE/QUEUE, into which it may put jobs; also those of its own subscriptions."
    case .work: "Queues whose jobs it may take, and subscriptions that it may run: ENGINE/NAME."
    case .admin: "What it may ask and change as an operator, by its word in the protocol; \"*\" for all."
    }
  }

  private static func example(of right: Right) -> String {
    switch right {
    case .publish, .subscribe: "\(right.rawValue): [\"user_*\"]"
    case .enqueue, .work: "\(right.rawValue): [\"search/*\"]"
    case .admin: "admin: [status, \"pause_*\"]"
    }
  }
}

extension ValueForm where Value == RightPattern {
  static func pattern(_ noun: String, characters: String, example: String) -> ValueForm {
    let isFullName = noun == "ENGINE/NAME"
    let lookAhead = isFullName ? "(?=.*[/*])" : ""
    return ValueForm(schema: [
      "type": "string", "pattern": .string("^\(lookAhead)[\(characters)]{1,\(RightPattern.maximumLength)}$"),
    ]) { text throws(WrongValue) in
      guard let pattern = RightPattern(text), isFullName || !text.contains("/") else {
        throw WrongValue("must be a pattern of \(noun)", help: "for example \"\(example)\"")
      }
      // Without either it would match nothing, ever.
      guard !isFullName || text.contains("/") || text.contains("*") else {
        throw WrongValue("must be a pattern of \(noun)", help: "did you mean \"\(text)/*\"?")
      }
      return pattern
    }
  }
}
