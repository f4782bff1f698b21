package import BusProtocol

/// The state of the talk with busd: who has said hello, what was asked and not answered. Decides what to send and when.
///
/// Requests are asked again in their order whenever a session begins and whenever busd is silent for too long: all of
/// them may be seen twice, so nothing is lost with a connection and nothing is done twice.
package struct Conversation<Answer> {
  /// What to do.
  package enum Action {
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
    /// As frames only when it is sent: the next session may be with a busd that reads others.
    var request: Request
    var deadline: ContinuousClock.Instant?
    var answer: Answer
    /// When it is asked again although busd answers others: its answer, or it, is lost.
    var repetition: ContinuousClock.Instant?
    var repetitionPause = Conversation.firstRepetition
  }

  /// So long a hello or a request may be unanswered before it is said again.
  static var patience: Duration { .seconds(2) }
  /// So long one request may be unanswered while others are answered, at first; the time doubles up to a minute.
  static var firstRepetition: Duration { .seconds(10) }
  static var longestRepetition: Duration { .seconds(60) }
  /// Hellos without an answer before the socket is made anew.
  static var maximumHellos: Int { 4 }
  /// The pauses before a new socket: from the shortest, doubling, to the longest.
  static var shortestPause: Duration { .milliseconds(100) }
  static var longestPause: Duration { .seconds(5) }

  private let hello: [[UInt8]]
  private var phase = Phase.apart
  /// Whether busd reads packed messages.
  private var isPacked = false
  private var pending: [UInt64: Pending] = [:]
  private var lastNumber: UInt64 = 0
  private var heardAt: ContinuousClock.Instant?
  /// When to look again at the latest: never later than ``nextDeadline``, and known without looking at all that waits.
  package private(set) var lookAgainAt: ContinuousClock.Instant?
  /// Sockets in a row that came to nothing.
  private var failures = 0

  package init(hello: Hello) { self.hello = Request.hello(hello).frames }

  package var isTogether: Bool { phase == .together }
  var pendingCount: Int { pending.count }

  /// A connection was made.
  package mutating func connected(now: ContinuousClock.Instant) -> [Action] {
    phase = .greeting(since: now, tries: 1)
    look(at: now + Conversation.patience)
    return [.send(hello)]
  }

  /// The connection broke.
  package mutating func disconnected() { phase = .apart }

  /// The socket came to nothing. Returns the pause before the next one: longer with each failure, and with chance in
  /// it (0 to 1), so that not all clients come at once.
  package mutating func failed(chance: Double) -> Duration {
    phase = .apart
    let pause = min(Conversation.shortestPause * (1 << min(failures, 6)), Conversation.longestPause)
    failures += 1
    return pause * (0.5 + chance / 2)
  }

  /// busd does not know this connection.
  package mutating func noSession(now: ContinuousClock.Instant) -> [Action] {
    // One hello is on its way already when several refusals come together.
    if case .greeting(let since, _) = phase, now - since < Conversation.patience { return [] }
    return connected(now: now)
  }

  /// busd answered the hello: everything unanswered is asked again, in its order.
  package mutating func welcomed(packedForm: Int = 0, now: ContinuousClock.Instant) -> [Action] {
    phase = .together
    isPacked = packedForm > 0
    heardAt = now
    failures = 0
    if !pending.isEmpty { look(at: now + Conversation.patience * 2) }
    return pending.keys.sorted().compactMap { send($0, now: now) }
  }

  private mutating func send(_ number: UInt64, now: ContinuousClock.Instant) -> Action? {
    guard let asked = pending[number] else { return nil }
    pending[number]?.repetition = now + asked.repetitionPause
    look(at: now + asked.repetitionPause)
    return .send(asked.request.frames(isPacked: isPacked))
  }

  /// Asks something; it waits for a session when there is none.
  package mutating func ask(
    _ make: (UInt64) -> Request, deadline: ContinuousClock.Instant?, now: ContinuousClock.Instant, answer: Answer
  ) -> (number: UInt64, actions: [Action]) {
    lastNumber += 1
    if pending.isEmpty {
      heardAt = now
      look(at: now + Conversation.patience * 2)
    }
    if let deadline { look(at: deadline) }
    pending[lastNumber] = Pending(request: make(lastNumber), deadline: deadline, answer: answer)
    guard isTogether, let action = send(lastNumber, now: now) else { return (lastNumber, []) }
    return (lastNumber, [action])
  }

  /// Nobody waits for the answer any more; nil when it has come.
  mutating func withdraw(_ number: UInt64) -> Answer? { pending.removeValue(forKey: number)?.answer }

  /// An answer came; nil when nobody waits for it any more.
  package mutating func answered(_ number: UInt64, now: ContinuousClock.Instant) -> Answer? {
    heardAt = now
    return pending.removeValue(forKey: number)?.answer
  }

  private mutating func look(at moment: ContinuousClock.Instant) {
    lookAgainAt = lookAgainAt.map { min($0, moment) } ?? moment
  }

  /// What has waited too long is given up, and what busd may have missed is said again.
  package mutating func tick(now: ContinuousClock.Instant) -> (expired: [Answer], actions: [Action]) {
    defer { lookAgainAt = nextDeadline }
    let late = pending.filter { $0.value.deadline.map { $0 <= now } ?? false }
    for number in late.keys { pending[number] = nil }
    let expired = late.sorted { $0.key < $1.key }.map(\.value.answer)
    switch phase {
    case .greeting(let since, let tries) where now - since >= Conversation.patience:
      guard tries < Conversation.maximumHellos else {
        phase = .apart
        return (expired, [.reconnect])
      }
      phase = .greeting(since: now, tries: tries + 1)
      return (expired, [.send(hello)])
    case .together where !pending.isEmpty && now - (heardAt ?? now) >= Conversation.patience * 2:
      // Silence although asked: what was sent may be lost with a connection that broke unseen.
      return (expired, connected(now: now))
    case .together: return (expired, repeated(now: now))
    default: return (expired, [])
    }
  }

  private mutating func repeated(now: ContinuousClock.Instant) -> [Action] {
    let due = pending.filter { $0.value.repetition.map { $0 <= now } ?? false }.keys.sorted()
    for number in due {
      let pause = (pending[number]?.repetitionPause ?? .zero) * 2
      pending[number]?.repetitionPause = min(pause, Conversation.longestRepetition)
    }
    return due.compactMap { send($0, now: now) }
  }

  /// When to look again; nil while nothing is awaited.
  package var nextDeadline: ContinuousClock.Instant? {
    var moments = pending.values.compactMap { $0.deadline }
    if case .greeting(let since, _) = phase { moments.append(since + Conversation.patience) }
    if isTogether {
      moments += pending.values.compactMap { $0.repetition }
      if !pending.isEmpty, let heardAt { moments.append(heardAt + Conversation.patience * 2) }
    }
    return moments.min()
  }

  /// The end: nobody will be answered any more.
  package mutating func end() -> [Answer] {
    defer { pending = [:] }
    return pending.sorted { $0.key < $1.key }.map(\.value.answer)
  }
}
