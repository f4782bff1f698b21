/// What was asked for on the command line.
struct ProofOptions: Equatable, Sendable {
  /// The faults, in the order in which they run.
  var faults: [FaultName] = []
  /// How many faults of each kind; nil for each kind's own number.
  var cycles: Int?
  /// Where chance begins: the same seed chooses the same faults in the same order.
  var seed: UInt64 = 1
  /// Whether all faults run in their full numbers, each in a process of its own.
  var isFull = false
  /// How many kinds of faults run beside each other, in a full run.
  var lanes = 2
  /// The file in which a full run keeps what it found, and from which it goes on.
  var evidence: String?
  /// One JSON object a line instead of a table.
  var isJSON = false
  /// Whether the directories stay, also when everything held.
  var keepsDirectories = false

  init(_ arguments: [String]) throws(UsageError) {
    var rest = arguments[...]
    while let word = rest.popFirst() {
      switch word {
      case "--cycles": cycles = try ProofOptions.number(word, &rest)
      case "--seed": seed = UInt64(try ProofOptions.number(word, &rest))
      case "--lanes": lanes = max(1, try ProofOptions.number(word, &rest))
      case "--evidence": evidence = try ProofOptions.file(word, &rest)
      case "--full": isFull = true
      case "--json": isJSON = true
      case "--keep": keepsDirectories = true
      default:
        let named = FaultName.named(word)
        guard !named.isEmpty else {
          throw UsageError(
            description: "there is no fault '\(word)': name some of \(FaultName.list), or none for all of them")
        }
        faults += named
      }
    }
    if faults.isEmpty { faults = FaultName.allCases }
    if evidence != nil, !isFull { throw UsageError(description: "--evidence goes with --full") }
  }

  private static func number(_ option: String, _ rest: inout ArraySlice<String>) throws(UsageError) -> Int {
    guard let word = rest.popFirst(), let number = Int(word), number >= 0 else {
      throw UsageError(description: "\(option) takes a number that is not negative: \(option) 20")
    }
    return number
  }

  private static func file(_ option: String, _ rest: inout ArraySlice<String>) throws(UsageError) -> String {
    guard let word = rest.popFirst(), !word.isEmpty, !word.hasPrefix("--") else {
      throw UsageError(description: "\(option) takes the path of a file: \(option) proof.json")
    }
    return word
  }
}

/// A command line that says nothing that can be done.
struct UsageError: Error, CustomStringConvertible { var description: String }
