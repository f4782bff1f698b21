internal import BusProtocol
internal import BusSpool
internal import ZeroMQ

/// Reads old events for whoever asks, beside the loop that writes new ones: a replay delays no acknowledgement.
final class ReadLoop: Sendable {
  /// The most bytes of records in one answer.
  static let maximumByteCount = 1 << 20

  let reader: SpoolReader
  private let thread: any LoopThread

  init(reader: SpoolReader, thread: any LoopThread) {
    self.reader = reader
    self.thread = thread
  }

  /// Answers a `read`; `done` gets the letter on this loop's thread.
  func submit(_ frames: [[UInt8]], from session: SessionID, done: @escaping @Sendable (Letter) -> Void) {
    thread.perform { done(Letter(self.answer(frames), to: session)) }
  }

  private func answer(_ frames: [[UInt8]]) -> Reply {
    var number: UInt64?
    do {
      guard case .read(let request, let after, let patterns, let limit) = try Request(frames: frames) else {
        throw ProtocolError(.badMessage, "the message is no read")
      }
      number = request
      let filter = TopicFilter(patterns)
      let chunk = try reader.read(
        after: after, maximumByteCount: ReadLoop.maximumByteCount, maximumCount: min(max(limit, 1), 100_000)
      ) { filter.wants($0) }
      return .events(
        request: request,
        chunk: EventsChunk(
          through: chunk.through, head: chunk.head,
          missing: chunk.missing.map { $0.lowerBound.rawValue...$0.upperBound.rawValue }, records: chunk.bytes))
    } catch let error as ProtocolError {
      return .refused(request: number, Refusal(error))
    } catch {
      return .refused(
        request: number, Refusal(code: "spool", message: "\(error)", help: "check the spool: bus spool verify"))
    }
  }
}
