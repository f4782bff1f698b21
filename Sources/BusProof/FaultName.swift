/// The kinds of faults.
enum FaultName: String, CaseIterable, Sendable {
  /// SIGKILL and SIGSTOP of busd, workers, publishers and watchers at random.
  case kill
  /// The power of busd's disk is cut, a file system of ext4.
  case powerExt4 = "power-ext4"
  /// The same with xfs.
  case powerXfs = "power-xfs"
  /// busd's disk fills up, and has room again.
  case disk
  /// A sync fails.
  case syncFails = "sync-fails"
  /// Each sync takes a tenth of a second.
  case syncSlow = "sync-slow"
  /// busd is killed at its Nth write, sync or new name of the spool.
  case crashSpool = "crash-spool"
  /// The same with the store.
  case crashStore = "crash-store"
  /// busd may have few descriptors, and silent clients take them.
  case descriptors
  /// busd may have no more memory than it has.
  case memory
  /// busd's wall clock jumps.
  case clock
  /// Nothing passes between busd's machine and the others'.
  case partition
  /// One side of a connection is gone, and the other does not hear of it.
  case halfOpen = "half-open"
  /// Of the packets each fifth is lost.
  case loss
  /// The network takes a few kilobytes a second.
  case narrow
  /// A worker's process is killed under a run; its supervisor lives.
  case rescueProcess = "rescue-process"
  /// A supervisor and all its processes are killed at once.
  case rescueSupervisor = "rescue-supervisor"
  /// The machine of workers is gone without a word.
  case rescueMachine = "rescue-machine"
  /// Two thousand clients come back at once.
  case storm
  /// Thousands of subscribers that say nothing, and one that reads nothing.
  case idle
  /// Subscribers that read nothing, while others publish.
  case slow
  /// Bytes that are no ZMTP, or too much of it.
  case hostile
  /// The same, and unknown keys, where busd asks for keys.
  case strangers
  /// busd is killed with a million events and a hundred thousand waiting jobs.
  case recovery

  /// The faults of a word: one of that name, or all whose names begin with it and a hyphen.
  static func named(_ word: String) -> [FaultName] {
    FaultName(rawValue: word).map { [$0] } ?? allCases.filter { $0.rawValue.hasPrefix("\(word)-") }
  }

  static var list: String {
    var words: [String] = []
    for word in allCases.map({ $0.rawValue.split(separator: "-", maxSplits: 1)[0] }) where words.last != String(word) {
      words.append(String(word))
    }
    return words.joined(separator: ", ")
  }

  /// How many faults of it there are unless the command line says a number.
  var usualCount: Int {
    switch self {
    case .kill: 100
    case .powerExt4, .powerXfs: 25
    case .disk: 5
    case .syncFails: 10
    case .syncSlow, .loss, .narrow, .slow: 1
    case .crashSpool, .crashStore: 40
    case .descriptors, .storm, .partition: 3
    case .memory: 4
    case .clock: 12
    case .halfOpen: 4
    case .rescueProcess: 20
    case .rescueSupervisor: 3
    case .rescueMachine: 1
    case .idle: 10_000
    case .hostile, .strangers: 2000
    case .recovery: 3
    }
  }

  /// How many faults of it a full run has.
  var fullCount: Int {
    switch self {
    case .kill: 2000
    case .powerExt4, .powerXfs: 250
    case .disk, .memory, .recovery: 10
    case .syncFails: 20
    case .crashSpool, .crashStore: 100
    case .partition: 12
    case .halfOpen: 8
    case .rescueProcess: 100
    case .rescueSupervisor: 10
    case .rescueMachine: 3
    case .hostile: 20_000
    case .strangers: 5000
    default: usualCount
    }
  }

  /// Into how many parts, each with a seed of its own, a full run divides it.
  var partCount: Int {
    switch self {
    case .kill: 4
    case .powerExt4, .powerXfs: 2
    default: 1
    }
  }

  /// Whether it measures times that others at work beside it would make worse.
  var wantsMachine: Bool {
    switch self {
    case .storm, .idle, .slow, .recovery, .rescueProcess, .rescueSupervisor, .memory: true
    default: false
    }
  }
}
