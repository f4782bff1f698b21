internal import BusProtocol
internal import BusSpool
internal import ZeroMQ

/// Reads old events for whoever asks, beside the loop that writes new ones: a replay delays no acknowledgement.
final class ReadLoop: Sendable {
  /// The most bytes of records in one answer.
  static let maximumByteCount = 1 << 20

  let reader: SpoolReader
  private let access: Access
  private let thread: any LoopThread

  init(reader: SpoolReader, access: Access, thread: any LoopThread) {
    self.reader = reader
    self.access = access
    self.thread = thread
  }

  /// Answers a `read`; `done` gets the letter on this loop's thread.
  func submit(_ frames: [[UInt8]], from session: SessionID, done: @escaping @Sendable (Letter) -> Void) {
    thread.perform { done(Letter(self.answer(frames, from: session), to: session)) }
  }

  private func answer(_ frames: [[UInt8]], from session: SessionID) -> Reply {
    var number: UInt64?
    do {
      let asked = try Request(frames: frames)
      guard case .read(let request, let after, let patterns, let limit) = asked else {
        throw ProtocolError(.badMessage, "the message is no read")
      }
      number = request
      try access.check(asked, from: session)
      var choice = Choice(TopicFilter(patterns), access.guarding(session).map { Audience($0) })
      let chunk = try reader.read(
        after: after, maximumByteCount: ReadLoop.maximumByteCount, maximumCount: min(max(limit, 1), 100_000)
      ) { choice.takes($0) }
      return .events(
        request: request,
        chunk: EventsChunk(
          through: chunk.through, head: chunk.head,
          missing: chunk.missing.map { $0.lowerBound.rawValue...$0.upperBound.rawValue }, records: chunk.bytes))
    } catch let refusal as Refusal {
      return .refused(request: number, refusal)
    } catch let error as ProtocolError {
      return .refused(request: number, Refusal(error))
    } catch {
      return .refused(
        request: number, Refusal(code: "spool", message: "\(error)", help: "check the spool: bus spool verify"))
    }
  }
}

/// What one reader gets, decided once for neighbours of the same topic.
private struct Choice {
  private let filter: TopicFilter
  private var audience: Audience?
  /// The last topic; none is empty.
  private var topic: [UInt8] = []
  private var isTaken = false

  init(_ filter: TopicFilter, _ audience: Audience?) {
    self.filter = filter
    self.audience = audience
  }

  mutating func takes(_ topic: ArraySlice<UInt8>) -> Bool {
    guard !topic.elementsEqual(self.topic) else { return isTaken }
    self.topic = Array(topic)
    isTaken = filter.wants(topic) && audience?.mayHear(topic) ?? true
    return isTaken
  }
}
