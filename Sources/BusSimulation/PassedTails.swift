internal import BusBroker
internal import BusProtocol

/// The mistake ``Mutant/passedSurvivesFailedCommit`` at busd's door: a batch that ended with a denied record and was not
/// stored is remembered as if it had been; when it comes again, it is taken for a repeat.
final class PassedTails {
  private struct Key: Hashable {
    let route: [UInt8]
    let request: UInt64
  }

  private struct Tail {
    let publisher: PublisherID
    let last: UInt64
    let denied: [UInt64]
  }

  private var asked: [Key: Tail] = [:]
  private var passed: [PublisherID: UInt64] = [:]

  /// What busd would answer at once to a message whose first frame is the route; nil where it has to look.
  func answer(to message: [[UInt8]]) throws -> [[UInt8]]? {
    guard case .carry(let number, let publisher, _, let bytes) = try Request(frames: Array(message.dropFirst()))
    else { return nil }
    let records = try Intake.records(bytes, of: publisher)
    let denied = records.filter { Record.topicBytes(bytes, at: $0.start).elementsEqual(Rules.secret.utf8) }
    guard let last = records.last, denied.last == last else { return nil }
    let tail = Tail(publisher: publisher, last: last.sequence, denied: denied.map(\.sequence))
    guard passed[publisher] == tail.last else {
      asked[Key(route: message[0], request: number)] = tail
      return nil
    }
    var refusal = Refusal(code: "denied", message: "these events are denied", expected: tail.last + 1)
    refusal.denied = tail.denied
    return Reply.refused(request: number, refusal).frames
  }

  /// busd answers; the first frame is the route.
  func answered(_ message: [[UInt8]]) throws {
    guard case .refused(let number?, let refusal) = try Reply(frames: Array(message.dropFirst())),
      let tail = asked.removeValue(forKey: Key(route: message[0], request: number)), refusal.code == "disk_full"
    else { return }
    passed[tail.publisher] = tail.last
  }
}
