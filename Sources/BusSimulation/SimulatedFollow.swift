internal import Bus
internal import BusProtocol

/// A reader of events in a simulated process: the client's own ``LiveFollower`` over a SUB socket and reads.
final class SimulatedFollow {
  /// A stretch of the spool: through where, and the events in it that are wanted.
  typealias Deliver = (_ through: Offset, _ events: [Event]) -> Void

  private let talker: Talker
  private let network: SimulatedNetwork
  private let patterns: [TopicPattern]
  private var follower: LiveFollower
  private var ear: SimulatedNetwork.Ear?
  private let deliver: Deliver
  private let failed: (String) -> Void
  private var isEnded = false
  private var heardAt: Int64 = 0

  /// After this long without a mark it reads, whatever there is.
  private static let longestSilence: Int64 = 5_000_000
  private static let recordsPerRead = 20_000

  init(
    _ patterns: [TopicPattern], after: Offset, talker: Talker, network: SimulatedNetwork,
    failed: @escaping (String) -> Void, deliver: @escaping Deliver
  ) {
    self.talker = talker
    self.network = network
    self.patterns = patterns
    self.deliver = deliver
    self.failed = failed
    follower = LiveFollower(patterns: patterns, after: after)
  }

  /// A session began.
  func sessionBegan(_ welcome: Welcome) {
    if ear == nil { listen() }
    perform(follower.sessionBegan(log: welcome.log, head: welcome.head))
  }

  /// How far everything wanted was delivered.
  var through: Offset { follower.through }

  /// For a while nothing that is sent to it finds room.
  func deafen(until moment: Int64) { if let ear { ear.deafUntil = max(ear.deafUntil, moment) } }

  func end() {
    isEnded = true
    if let ear { network.close(ear) }
  }

  private func listen() {
    let prefixes = [LiveMessage.markTopic] + Set(patterns.map(\.literalPrefix)).sorted { $0.count < $1.count }
    ear = network.listen(prefixes) { [weak self] frames in
      self?.talker.life.after(0) { self?.receive(frames) }
    }
    expectSign()
  }

  private func expectSign() {
    heardAt = talker.life.timeline.now
    let heard = heardAt
    talker.life.after(SimulatedFollow.longestSilence) { [self] in
      guard !isEnded, heardAt == heard else { return }
      perform(follower.wasSilent())
      expectSign()
    }
  }

  private func receive(_ frames: [[UInt8]]) {
    guard !isEnded else { return }
    do {
      switch try LiveMessage(frames: frames) {
      case .events(let topic, let records): try follower.received(topic: topic, records: records)
      case .mark(let mark):
        expectSign()
        perform(follower.received(mark))
      }
    } catch { failed("a live message was not understood: \(error)") }
  }

  private func perform(_ action: LiveFollower.Action?) {
    switch action {
    case nil: break
    case .read(let offset): read(after: offset)
    case .logChanged: failed("the log is another one")
    case .deliver(let after, let through, let records, let missing):
      if let missing { failed("events \(missing) are missing") }
      deliver(records, after: after, through: through)
    }
  }

  private func deliver(_ records: [[UInt8]], after: Offset, through: Offset) {
    do {
      let events = try records.flatMap { try Record.events($0) }.filter { $0.offset > after && $0.offset <= through }
      deliver(through, events)
    } catch { failed("records cannot be read: \(error)") }
  }

  private func read(after offset: Offset) {
    talker.ask { [patterns] number in
      .read(request: number, after: offset, patterns: patterns, limit: SimulatedFollow.recordsPerRead)
    } answer: { [self] reply in
      guard !isEnded else { return }
      guard case .events(_, let chunk) = reply else { return follower.readFailed() }
      for action in follower.answered(chunk) { perform(action) }
    }
  }
}
