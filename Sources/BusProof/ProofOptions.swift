/// What was asked for on the command line.
struct ProofOptions: Equatable {
  /// The faults, in the order in which they run.
  var faults: [FaultName] = []
  /// How many faults of each kind; nil for each kind's own number.
  var cycles: Int?
  /// Where chance begins: the same seed chooses the same faults in the same order.
  var seed: UInt64 = 1
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
      case "--json": isJSON = true
      case "--keep": keepsDirectories = true
      default:
        guard let fault = FaultName(rawValue: word) else {
          throw UsageError(
            description: "there is no fault '\(word)': name some of \(FaultName.list), or none for all of them")
        }
        faults.append(fault)
      }
    }
    if faults.isEmpty { faults = FaultName.allCases }
  }

  private static func number(_ option: String, _ rest: inout ArraySlice<String>) throws(UsageError) -> Int {
    guard let word = rest.popFirst(), let number = Int(word), number >= 0 else {
      throw UsageError(description: "\(option) takes a number that is not negative: \(option) 20")
    }
    return number
  }
}

/// A command line that says nothing that can be done.
struct UsageError: Error, CustomStringConvertible { var description: String }

/// The kinds of faults.
enum FaultName: String, CaseIterable {
  /// SIGKILL and SIGSTOP of busd, workers, publishers and watchers at random.
  case kill
  /// The power of busd's disk is cut, on ext4 and on xfs.
  case power
  /// busd's disk fills up, and has room again.
  case disk
  /// A sync fails, or takes half a second.
  case sync
  /// busd may have few descriptors, and silent clients take them.
  case descriptors
  /// busd's wall clock jumps.
  case clock
  /// Two thousand clients come back at once.
  case storm
  /// Thousands of subscribers that say nothing, and one that reads nothing.
  case idle
  /// Bytes that are no ZMTP, or too much of it.
  case hostile

  static var list: String { allCases.map(\.rawValue).joined(separator: ", ") }
}
