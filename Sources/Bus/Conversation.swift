internal import BusProtocol

/// The state of the talk with busd: who has said hello, what was asked and not answered. Decides what to send and when.
///
/// Requests are asked again in their order whenever a session begins and whenever busd is silent for too long: all of
/// them may be seen twice, so nothing is lost with a connection and nothing is done twice.
struct Conversation<Answer> {
  /// What to do.
  enum Action {
    /// Send these frames.
    case send([[UInt8]])
    /// Close the socket and make a new one: libzmq does not come back by itself from a refused handshake.
    case reconnect
  }

  private enum Phase: Equatable {
    /// No connection; entered at the start and when it breaks.
    case apart
    /// Hello was said; it is said again when this long unanswered.
    case greeting(since: ContinuousClock.Instant, tries: Int)
    /// busd answered: everything may be asked.
    case together
  }

  private struct Pending {
    var frames: [[UInt8]]
    var deadline: ContinuousClock.Instant?
    var answer: Answer
  }

  /// So long a hello or a request may be unanswered before it is said again.
  static var patience: Duration { .seconds(2) }
  /// Hellos without an answer before the socket is made anew.
  static var maximumHellos: Int { 4 }

  private let hello: [[UInt8]]
  private var phase = Phase.apart
  private var pending: [UInt64: Pending] = [:]
  private var lastNumber: UInt64 = 0
  private var heardAt: ContinuousClock.Instant?
  private(set) var reconnects = 0

  init(hello: Hello) { self.hello = Request.hello(hello).frames }

  var isTogether: Bool { phase == .together }
  var pendingCount: Int { pending.count }

  /// A connection was made.
  mutating func connected(now: ContinuousClock.Instant) -> [Action] {
    phase = .greeting(since: now, tries: 1)
    return [.send(hello)]
  }

  /// The connection broke.
  mutating func disconnected() { phase = .apart }

  /// busd does not know this connection.
  mutating func noSession(now: ContinuousClock.Instant) -> [Action] {
    // One hello is on its way already when several refusals come together.
    if case .greeting(let since, _) = phase, now - since < Conversation.patience { return [] }
    return connected(now: now)
  }

  /// busd answered the hello: everything unanswered is asked again, in its order.
  mutating func welcomed(now: ContinuousClock.Instant) -> [Action] {
    phase = .together
    heardAt = now
    reconnects = 0
    return pending.sorted { $0.key < $1.key }.map { .send($0.value.frames) }
  }

  /// Asks something; it waits for a session when there is none.
  mutating func ask(
    _ make: (UInt64) -> Request, deadline: ContinuousClock.Instant?, now: ContinuousClock.Instant, answer: Answer
  ) -> (number: UInt64, actions: [Action]) {
    lastNumber += 1
    let frames = make(lastNumber).frames
    if pending.isEmpty { heardAt = now }
    pending[lastNumber] = Pending(frames: frames, deadline: deadline, answer: answer)
    return (lastNumber, isTogether ? [.send(frames)] : [])
  }

  /// An answer came; nil when nobody waits for it any more.
  mutating func answered(_ number: UInt64, now: ContinuousClock.Instant) -> Answer? {
    heardAt = now
    return pending.removeValue(forKey: number)?.answer
  }

  /// What has waited too long is given up, and what busd may have missed is said again.
  mutating func tick(now: ContinuousClock.Instant) -> (expired: [Answer], actions: [Action]) {
    let late = pending.filter { $0.value.deadline.map { $0 <= now } ?? false }
    for number in late.keys { pending[number] = nil }
    let expired = late.sorted { $0.key < $1.key }.map(\.value.answer)
    switch phase {
    case .greeting(let since, let tries) where now - since >= Conversation.patience:
      guard tries < Conversation.maximumHellos else {
        phase = .apart
        reconnects += 1
        return (expired, [.reconnect])
      }
      phase = .greeting(since: now, tries: tries + 1)
      return (expired, [.send(hello)])
    case .together where !pending.isEmpty && now - (heardAt ?? now) >= Conversation.patience * 2:
      // Silence although asked: what was sent may be lost with a connection that broke unseen.
      return (expired, connected(now: now))
    default: return (expired, [])
    }
  }

  /// When to look again; nil while nothing is awaited.
  var nextDeadline: ContinuousClock.Instant? {
    var moments = pending.values.compactMap(\.deadline)
    if case .greeting(let since, _) = phase { moments.append(since + Conversation.patience) }
    if isTogether, !pending.isEmpty, let heardAt { moments.append(heardAt + Conversation.patience * 2) }
    return moments.min()
  }

  /// The end: nobody will be answered any more.
  mutating func end() -> [Answer] {
    defer { pending = [:] }
    return pending.sorted { $0.key < $1.key }.map(\.value.answer)
  }
}
