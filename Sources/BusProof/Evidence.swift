/// All that the histories and the spool say, as the checker needs it.
struct Evidence {
  /// A run that ended well.
  struct Success: Equatable {
    var job: UInt64
    var begin: UInt64
    var end: UInt64
  }

  /// What a publisher was told of an event.
  struct Publication: Equatable {
    var key: UInt64
    var stamp: UInt64
    var isKept = false
    var acknowledgedAt: UInt64?
    var isAcknowledged: Bool { acknowledgedAt != nil }
  }

  /// A record of the spool.
  struct Stored: Equatable {
    var offset: UInt64
    var event: UInt64
    var key: UInt64
  }

  var published: [UInt64: Publication] = [:]
  /// The runs of Apply that ended well, by event.
  var applied: [UInt64: [Success]] = [:]
  /// The runs of Refresh that ended well, by key.
  var refreshed: [UInt64: [Success]] = [:]
  /// Jobs that are dead, by their ids' low halves: visible, so not lost.
  var dead: Set<UInt64> = []
  /// Jobs of Apply that ever began, by event.
  var begun: [UInt64: Set<UInt64>] = [:]
  var runCount = 0
  var highestAttempt: UInt64 = 0
  /// What each watcher saw, in its order.
  var watched: [String: [HistoryLine]] = [:]
  var stored: [Stored] = []

  /// Takes over what came to one process's history.
  mutating func add(_ lines: [HistoryLine], of process: String) {
    for line in lines {
      let numbers = line.numbers
      switch (line.kind, numbers.count) {
      case ("p", 3): published[numbers[0]] = Publication(key: numbers[1], stamp: numbers[2])
      case ("k", 2): published[numbers[0]]?.isKept = true
      case ("a", 2): published[numbers[0]]?.acknowledgedAt = numbers[1]
      case ("A", 4):
        begun[numbers[0], default: []].insert(numbers[1])
        note(attempt: numbers[2])
      case ("B", 4):
        applied[numbers[0], default: []].append(Success(job: numbers[1], begin: numbers[3], end: numbers[3]))
      case ("R", 4): note(attempt: numbers[2])
      case ("S", 4):
        refreshed[numbers[0], default: []].append(Success(job: numbers[1], begin: numbers[2], end: numbers[3]))
      case ("w", 3), ("m", 3): watched[process, default: []].append(line)
      default: break
      }
    }
  }

  private mutating func note(attempt: UInt64) {
    runCount += 1
    highestAttempt = max(highestAttempt, attempt)
  }

  var acknowledgedCount: Int { published.count { $0.value.isAcknowledged } }
  var keptCount: Int { published.count { $0.value.isKept } }

  /// How long acknowledgements took, in milliseconds, the shortest first.
  var waits: [Int] {
    published.values.compactMap { publication in
      publication.acknowledgedAt.map { Int($0 - min($0, publication.stamp)) / 1000 }
    }.sorted()
  }

  /// How many events' jobs are not done yet, as far as the histories tell.
  func undone(deadOnes: Set<UInt64>) -> Int {
    published.count { event, publication in
      publication.isKept && applied[event] == nil && begun[event, default: []].isDisjoint(with: deadOnes)
    }
  }
}
