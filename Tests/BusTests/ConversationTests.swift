import BusProtocol
import Testing

@testable import Bus

struct ConversationTests {
  private let start = ContinuousClock.now
  private let hello = Hello(role: .service, process: "test@here:1")

  private func question(_ number: UInt64) -> Request { .ask(request: number, about: "status", parameters: [:]) }

  private func frames(_ actions: [Conversation<String>.Action]) -> [[[UInt8]]] {
    actions.map { if case .send(let frames) = $0 { frames } else { [] } }
  }

  /// A talk in a session, in which nothing was asked yet.
  private func together() -> Conversation<String> {
    var talk = Conversation<String>(hello: hello)
    _ = talk.connected(now: start)
    _ = talk.welcomed(now: start)
    return talk
  }

  @Test func `a connection begins with hello, and nothing is asked before the welcome`() {
    var talk = Conversation<String>(hello: hello)
    #expect(talk.ask(question, deadline: nil, now: start, answer: "a").actions.isEmpty)
    #expect(frames(talk.connected(now: start)) == [Request.hello(hello).frames])
    #expect(talk.ask(question, deadline: nil, now: start, answer: "b").actions.isEmpty)
    #expect(frames(talk.welcomed(now: start)) == [question(1).frames, question(2).frames])
  }

  @Test func `an answer ends a request, and a second answer finds nobody`() {
    var talk = together()
    let (number, actions) = talk.ask(question, deadline: nil, now: start, answer: "a")
    #expect(frames(actions) == [question(1).frames])
    #expect(talk.answered(number, now: start) == "a")
    #expect(talk.answered(number, now: start) == nil)
    #expect(talk.pendingCount == 0)
  }

  @Test func `a new session is asked everything that is unanswered, in order`() {
    var talk = together()
    for name in ["a", "b", "c"] { _ = talk.ask(question, deadline: nil, now: start, answer: name) }
    #expect(talk.answered(2, now: start) == "b")
    talk.disconnected()
    #expect(!talk.isTogether)
    _ = talk.connected(now: start)
    #expect(frames(talk.welcomed(now: start)) == [question(1).frames, question(3).frames])
  }

  @Test func `each session is asked in the form that its busd reads`() {
    var talk = Conversation<String>(hello: hello)
    let finish = Request.finish(
      request: 1, results: [JobResult(id: JobID(high: 0, low: 1), token: 1, outcome: .done)])
    #expect(finish.frames(isPacked: true) != finish.frames)
    _ = talk.ask({ _ in finish }, deadline: nil, now: start, answer: "a")
    for (form, isPacked) in [(1, true), (0, false), (7, true)] {
      _ = talk.connected(now: start)
      #expect(frames(talk.welcomed(packedForm: form, now: start)) == [finish.frames(isPacked: isPacked)])
      talk.disconnected()
    }
  }

  @Test func `no_session says hello once, however many refusals come together`() {
    var talk = together()
    for name in ["a", "b"] { _ = talk.ask(question, deadline: nil, now: start, answer: name) }
    #expect(frames(talk.noSession(now: start)) == [Request.hello(hello).frames])
    #expect(talk.noSession(now: start + .seconds(1)).isEmpty)
    #expect(frames(talk.welcomed(now: start)).count == 2)
  }

  @Test func `a hello that nobody answers is said again, then the socket is made anew`() {
    var talk = Conversation<String>(hello: hello)
    _ = talk.connected(now: start)
    var now = start
    for _ in 1..<Conversation<String>.maximumHellos {
      #expect(talk.nextDeadline == now + Conversation<String>.patience)
      now += Conversation<String>.patience
      #expect(frames(talk.tick(now: now).actions) == [Request.hello(hello).frames])
    }
    now += Conversation<String>.patience
    guard case .reconnect? = talk.tick(now: now).actions.first else {
      Issue.record("the socket was kept")
      return
    }
    #expect(now - start <= .seconds(10))
    #expect(talk.nextDeadline == nil, "the next socket has its own pause")
  }

  @Test func `silence although asked says hello again and asks again`() {
    var talk = together()
    _ = talk.ask(question, deadline: nil, now: start, answer: "a")
    let silent = start + Conversation<String>.patience * 2
    #expect(talk.nextDeadline == silent)
    #expect(talk.tick(now: silent - .milliseconds(1)).actions.isEmpty)
    #expect(frames(talk.tick(now: silent).actions) == [Request.hello(hello).frames])
    #expect(frames(talk.welcomed(now: silent)) == [question(1).frames])
  }

  @Test func `silence without a question is quiet`() {
    var talk = together()
    #expect(talk.nextDeadline == nil)
    #expect(talk.tick(now: start + .seconds(3600)).actions.isEmpty)
  }

  @Test func `one lost answer among others is asked for again, at growing intervals`() {
    var talk = together()
    _ = talk.ask(question, deadline: nil, now: start, answer: "lost")
    var repetitions: [Duration] = []
    var now = start
    while now < start + .seconds(200) {
      now += .seconds(1)
      let (number, _) = talk.ask(question, deadline: nil, now: now, answer: "other")
      #expect(talk.answered(number, now: now) == "other")
      let sent = frames(talk.tick(now: now).actions)
      #expect(sent.isEmpty || sent == [question(1).frames])
      if !sent.isEmpty { repetitions.append(now - start) }
    }
    #expect(repetitions == [.seconds(10), .seconds(30), .seconds(70), .seconds(130), .seconds(190)])
  }

  @Test func `what is not answered by its deadline is given up, in order, in a session or without`() {
    for isTogether in [true, false] {
      var talk = isTogether ? together() : Conversation<String>(hello: hello)
      for name in ["a", "b"] { _ = talk.ask(question, deadline: start + .seconds(1), now: start, answer: name) }
      _ = talk.ask(question, deadline: nil, now: start, answer: "for ever")
      #expect(talk.nextDeadline == start + .seconds(1))
      #expect(talk.tick(now: start + .seconds(1)).expired == ["a", "b"])
      #expect(talk.pendingCount == 1)
    }
  }

  @Test func `a withdrawn request is not asked again`() {
    var talk = together()
    let (number, _) = talk.ask(question, deadline: nil, now: start, answer: "a")
    #expect(talk.withdraw(number) == "a")
    #expect(talk.withdraw(number) == nil)
    _ = talk.connected(now: start)
    #expect(talk.welcomed(now: start).isEmpty)
  }

  @Test func `pauses between sockets grow from a tenth of a second to five, until a welcome`() {
    var talk = Conversation<String>(hello: hello)
    let pauses = (0..<9).map { _ in talk.failed(chance: 1) }
    #expect(pauses.first == .milliseconds(100))
    #expect(pauses.last == .seconds(5))
    #expect(zip(pauses, pauses.dropFirst()).allSatisfy { $0 <= $1 })
    #expect(talk.failed(chance: 0) == .seconds(2.5))
    _ = talk.connected(now: start)
    _ = talk.welcomed(now: start)
    #expect(talk.failed(chance: 1) == .milliseconds(100))
  }

  @Test func `at the end everything unanswered is handed back once`() {
    var talk = together()
    for name in ["a", "b"] { _ = talk.ask(question, deadline: nil, now: start, answer: name) }
    #expect(talk.end() == ["a", "b"])
    #expect(talk.end().isEmpty)
  }

  @Test func `it is never looked at too late, and not again for each request`() {
    var random = SeededRandom(seed: 5)
    var talk = together()
    var (now, asked) = (start, [UInt64]())
    for _ in 0..<3000 {
      now += .milliseconds(Int.random(in: 0...400, using: &random))
      switch Int.random(in: 0..<8, using: &random) {
      case 0..<4:
        let deadline = random.chance(50) ? now + .seconds(Int.random(in: 1...30, using: &random)) : nil
        asked.append(talk.ask(question, deadline: deadline, now: now, answer: "a").number)
      case 4, 5: if !asked.isEmpty { _ = talk.answered(asked.removeFirst(), now: now) }
      case 6:
        if random.chance(10) { talk.disconnected() }
        if random.chance(10) { _ = talk.noSession(now: now) }
        if random.chance(30) { _ = talk.welcomed(now: now) }
      default: if let moment = talk.lookAgainAt, moment <= now { _ = talk.tick(now: now) }
      }
      if let next = talk.nextDeadline { #expect(talk.lookAgainAt.map { $0 <= next } ?? false) }
    }
  }
}
