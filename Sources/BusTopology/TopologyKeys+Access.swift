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
  static let principals = KeyEntry(
    "principals", .maps(.name, PrincipalKeys.table),
    "What each may do, by the name of its key; 'local' is who comes over ipc. Who is not named may nothing, but local "
      + "everything.",
    example: "principals: { account: { publish: [\"user_*\"] } }")
  static let table = KeyTable("access", [keys.entry, key.entry, principals])
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

  static let table = KeyTable("principal", Right.allCases.map(entry))

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
