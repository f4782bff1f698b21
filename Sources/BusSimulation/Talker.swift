internal import Bus
internal import BusProtocol

/// A simulated process's connection to busd: the client's own ``Conversation`` over a simulated connection. It comes
/// back for as long as its process lives.
final class Talker {
  enum Event {
    /// A session began, the first or another.
    case up(Welcome)
    /// busd pushed something.
    case pushed(Reply)
  }

  typealias Answer = (Reply) -> Void

  let life: Life
  private let principal: String
  private let network: SimulatedNetwork
  private var talk: Conversation<Answer>
  private var connection: SimulatedNetwork.Connection?
  private let heard: (Event) -> Void
  private var plannedFor: ContinuousClock.Instant?

  /// - Parameter principal: whose key it comes with, where busd asks for one.
  init(
    _ hello: Hello, as principal: String, life: Life, network: SimulatedNetwork, heard: @escaping (Event) -> Void
  ) {
    self.principal = principal
    self.life = life
    self.network = network
    self.heard = heard
    talk = Conversation(hello: hello)
    // What is not answered yet holds who asked, and they hold this.
    life.timeline.atEnd { [self] in talk = Conversation(hello: hello) }
  }

  private var now: ContinuousClock.Instant { life.timeline.instant }

  // MARK: The connection

  /// Connects, now or once somebody listens.
  func connect() {
    connection = network.connect(as: principal) { [weak self] frames in
      self?.life.after(0) { self?.receive(frames) }
    } broke: { [weak self] in
      self?.life.after(0) { self?.lostConnection() }
    }
    guard connection != nil else { return reconnect() }
    perform(talk.connected(now: now))
    plan()
  }

  private func lostConnection() {
    guard let lost = connection, !lost.isUp else { return }
    connection = nil
    talk.disconnected()
    reconnect()
  }

  private func reconnect() {
    life.after(20_000 + life.timeline.below(300_000)) { [self] in if connection == nil { connect() } }
  }

  /// The network takes it away.
  func cut(clientHears: Int64, busdHears: Int64) {
    if let connection { network.cut(connection, clientHears: clientHears, busdHears: busdHears) }
  }

  /// Asks everything again that is not answered, as after an answer that was lost.
  func repeatAll() {
    guard talk.isTogether else { return }
    perform(talk.connected(now: now))
    plan()
  }

  // MARK: Talking

  func ask(_ make: (UInt64) -> Request, answer: @escaping Answer) {
    perform(talk.ask(make, deadline: nil, now: now, answer: answer).actions)
    plan()
  }

  /// Says which subscriptions the process would run, until busd has kept it.
  func wish(_ wishes: [SubscriptionWish]) {
    ask {
      .subscribe(request: $0, subscriptions: wishes)
    } answer: { [self] reply in
      guard case .refused(_, let refusal) = reply else { return }
      life.after((refusal.retryAfter ?? .seconds(1)).inMicroseconds) { [self] in wish(wishes) }
    }
  }

  /// Dropped while there is no session.
  func say(_ request: Request) {
    if talk.isTogether { send(request.frames) }
  }

  private func receive(_ frames: [[UInt8]]) {
    do {
      switch try Reply(frames: frames) {
      case .welcome(let welcome):
        let resent = talk.welcomed(now: now)
        heard(.up(welcome))
        perform(resent)
      case .refused(nil, let refusal) where refusal.code == "no_session": perform(talk.noSession(now: now))
      case .ping: break
      case let reply:
        if let number = reply.request {
          talk.answered(number, now: now)?(reply)
        } else {
          heard(.pushed(reply))
        }
      }
    } catch { life.fail("a reply was not understood: \(error)") }
    plan()
  }

  private func perform(_ actions: [Conversation<Answer>.Action]) {
    for action in actions {
      switch action {
      case .send(let frames): send(frames)
      case .reconnect:
        cut(clientHears: 1, busdHears: 1)
        connection = nil
        talk.disconnected()
        reconnect()
      }
    }
  }

  private func send(_ frames: [[UInt8]]) {
    if let connection { network.send(frames, over: connection) }
  }

  private func plan() {
    guard let next = talk.nextDeadline else { return }
    if let plannedFor, plannedFor <= next, plannedFor > now { return }
    plannedFor = next
    life.at(next) { [self] in
      guard plannedFor == next else { return }
      plannedFor = nil
      perform(talk.tick(now: now).actions)
      plan()
    }
  }
}
