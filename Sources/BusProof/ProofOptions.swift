internal import ArgumentParser

/// What was asked for on the command line.
struct ProofOptions: ParsableArguments {
  @Argument(
    help: ArgumentHelp(
      "The faults, in this order: \(FaultName.list); all of them when none is named.", valueName: "fault"))
  var words: [String] = []

  @Option(help: ArgumentHelp("How many faults of each kind; each kind's own number.", valueName: "count"))
  var cycles: Int?

  @Option(help: "Where chance begins: the same seed chooses the same faults in the same order.")
  var seed: UInt64 = 1

  @Flag(name: .customLong("full"), help: "All faults in their full numbers, each part in a process of its own.")
  var isFull = false

  @Option(help: ArgumentHelp("How many parts of a full run go beside each other.", valueName: "count"))
  var lanes = 2

  @Option(
    help: ArgumentHelp("Where a full run keeps what it found, and from where it goes on.", valueName: "file"))
  var evidence: String?

  @Flag(name: .customLong("json"), help: "One JSON object a fault and line.")
  var isJSON = false

  @Flag(name: .customLong("keep"), help: "The directories stay, also where everything held.")
  var keepsDirectories = false

  /// The kinds that the words stand for.
  var faults: [FaultName] { words.isEmpty ? FaultName.allCases : words.flatMap(FaultName.named) }

  func validate() throws {
    for word in words where FaultName.named(word).isEmpty {
      throw ValidationError("there is no fault '\(word)': name some of \(FaultName.list), or none for all of them")
    }
    guard cycles ?? 0 >= 0 else { throw ValidationError("--cycles is a number that is not negative: --cycles 20") }
    guard (1...64).contains(lanes) else { throw ValidationError("--lanes \(lanes): it is 1 to 64") }
    guard evidence == nil || isFull else { throw ValidationError("--evidence goes with --full") }
    guard evidence?.isEmpty != true else { throw ValidationError("--evidence is the path of a file: proof.json") }
  }
}
