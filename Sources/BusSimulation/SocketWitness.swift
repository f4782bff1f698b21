internal import Bus
internal import BusProtocol

/// What is wrong with the disks of a busd.
enum DiskTrouble: Hashable {
  case none
  /// There is no room since the n-th change; in the store neither, unless `storeHasRoom`.
  case full(Int, storeHasRoom: Bool)
  /// There is room again, for a few seconds now.
  case roomAgain(Int)
  /// A sync failed in this process.
  case syncFailed
}

/// Sees what comes to one process of busd while something is wrong with its disks, and says when what it answers is not
/// what it promises of that.
final class SocketWitness {
  private struct Key: Hashable {
    let route: [UInt8]
    let request: UInt64
  }

  private enum Verb { case store, read, finish }

  private struct Asked {
    let verb: Verb
    let trouble: DiskTrouble
  }

  private let ledger: Ledger
  private let trouble: () -> DiskTrouble
  /// How many denials busd has counted.
  private let counted: () -> UInt64
  private var denied: UInt64 = 0
  /// What came before, by its route and how it begins, which has its number: an answer to it may be under way when the
  /// trouble begins.
  private var seen: Set<[UInt8]> = []
  private var asked: [Key: Asked] = [:]

  init(_ ledger: Ledger, trouble: @escaping () -> DiskTrouble, counted: @escaping () -> UInt64) {
    self.ledger = ledger
    self.trouble = trouble
    self.counted = counted
  }

  /// A message of the requests came, its route first.
  func came(_ message: [[UInt8]]) {
    let trouble = trouble()
    let isNews = seen.insert(message[0] + message.dropFirst().joined().prefix(40)).inserted
    guard isNews, trouble != .none else { return }
    // What is malformed is refused, which is no matter of disks.
    guard let request = try? Request(frames: Array(message.dropFirst())) else { return }
    switch request {
    case .carry(let number, _, _, _), .publish(let number, _, _): note(number, .store)
    case .read(let number, _, _, _): note(number, .read)
    case .finish(let number, _): note(number, .finish)
    default: break
    }
    func note(_ number: UInt64, _ verb: Verb) {
      asked[Key(route: message[0], request: number)] = Asked(verb: verb, trouble: trouble)
    }
  }

  /// busd answers, or pushes something.
  func answered(_ message: [[UInt8]]) {
    guard let reply = try? Reply(frames: Array(message.dropFirst())) else { return }
    checkCounted(reply)
    guard let number = reply.request, let asked = asked.removeValue(forKey: Key(route: message[0], request: number)),
      asked.trouble == trouble()
    else { return }
    switch asked.trouble {
    case .none: break
    case .syncFailed: checkFailed(asked, reply)
    case .full(_, let storeHasRoom): checkFull(asked, reply, storeHasRoom: storeHasRoom)
    case .roomAgain:
      let isRefused = if case .refused(_, let refusal) = reply { refusal.code == "disk_full" } else { false }
      ledger.check("I26", !isRefused, "there is room again, and a request is refused: \(reply)")
    }
  }

  /// I31: what is denied is counted.
  private func checkCounted(_ reply: Reply) {
    guard case .refused(_, let refusal) = reply, refusal.code == "denied" else { return }
    denied += 1
    ledger.check("I31", counted() >= denied, "busd denied \(denied) requests and counted \(counted())")
  }

  /// I27: nothing that came after a failed sync is acknowledged.
  private func checkFailed(_ asked: Asked, _ reply: Reply) {
    guard asked.verb == .store else { return }
    let isAcknowledged =
      switch reply {
      case .carried, .published: true
      default: false
      }
    ledger.check("I27", !isAcknowledged, "after a failed sync busd acknowledged: \(reply)")
  }

  /// I26: with a full disk events are refused in words, old ones can be read, and what runs can end.
  private func checkFull(_ asked: Asked, _ reply: Reply, storeHasRoom: Bool) {
    switch (asked.verb, reply) {
    case (.store, .refused(_, let refusal)):
      let isExplicit = refusal.retryAfter != nil || refusal.expected != nil || refusal.code == "denied"
      ledger.check("I26", isExplicit, "a full disk refuses for good: \(refusal)")
    case (.store, _): break
    case (.read, _):
      let isRead = if case .events = reply { true } else { false }
      ledger.check("I26", isRead, "with a full disk old events cannot be read: \(reply)")
    case (.finish, _):
      guard storeHasRoom else { return }
      let isFinished = if case .finished = reply { true } else { false }
      ledger.check("I26", isFinished, "with a full spool a run cannot end: \(reply)")
    }
  }
}
