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

  /// A run of a job that is held until its process is killed.
  struct Hold: Equatable {
    var attempt: UInt64
    var process: UInt64
    var stamp: UInt64
  }

  /// A record of the spool.
  struct Stored: Equatable {
    var offset: UInt64
    var event: UInt64
    var key: UInt64
  }

  var published: [UInt64: Publication] = [:]
  /// How many events were acknowledged to each publisher.
  var acknowledgedBy: [UInt64: Int] = [:]
  /// The runs of held jobs, by the jobs' numbers.
  var held: [UInt64: [Hold]] = [:]
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
  /// Records of topics on which nobody of the crew publishes.
  var strangers = 0
  /// Records of the filler, which was told that all are on disk.
  var fillers = 0

  /// Takes over what came to one process's history.
  mutating func add(_ lines: [HistoryLine], of process: String) {
    for line in lines {
      let numbers = line.numbers
      switch (line.kind, numbers.count) {
      case ("p", 3): published[numbers[0]] = Publication(key: numbers[1], stamp: numbers[2])
      case ("k", 2): published[numbers[0]]?.isKept = true
      case ("a", 2):
        published[numbers[0]]?.acknowledgedAt = numbers[1]
        acknowledgedBy[numbers[0] / Publisher.numberSpace, default: 0] += 1
      case ("H", 4):
        held[numbers[0], default: []].append(Hold(attempt: numbers[1], process: numbers[2], stamp: numbers[3]))
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

  var acknowledgedCount: Int { acknowledgedBy.values.reduce(0, +) }
  var keptCount: Int { published.count { $0.value.isKept } }

  /// How long acknowledgements took, in milliseconds, the shortest first.
  var waits: [Int] { waits(in: [0...UInt64.max]).map { $0 / 1000 } }

  /// How long acknowledgements of events took that were published in these times, in microseconds, the shortest first.
  func waits(in times: [ClosedRange<UInt64>]) -> [Int] {
    published.values.compactMap { publication in
      guard let end = publication.acknowledgedAt, times.contains(where: { $0.contains(publication.stamp) }) else {
        return nil
      }
      return Int(end - min(end, publication.stamp))
    }.sorted()
  }

  /// How many events' jobs are not done yet, as far as the histories tell.
  func undone(deadOnes: Set<UInt64>) -> Int {
    published.count { event, publication in
      publication.isKept && applied[event] == nil && begun[event, default: []].isDisjoint(with: deadOnes)
    }
  }

  /// How many events were acknowledged in one of these times, and seen by a watcher only when it was over.
  func replayedCount(_ times: [ClosedRange<UInt64>]) -> Int {
    var count = 0
    for line in watched.values.joined() where line.kind == "w" {
      guard let acknowledged = published[line.numbers[1]]?.acknowledgedAt,
        let time = times.first(where: { $0.contains(acknowledged) })
      else { continue }
      if line.numbers[2] > time.upperBound { count += 1 }
    }
    return count
  }
}
