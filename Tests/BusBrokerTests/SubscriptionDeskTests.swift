import BusProtocol
import Testing

@testable import BusBroker

struct SubscriptionDeskTests {
  let start = ContinuousClock.now
  let name = SubscriptionName(engine: "search", name: "user_index")
  let first = SessionID(rawValue: 1)
  let second = SessionID(rawValue: 2)

  private func desk(granted: Bool = false) -> SubscriptionDesk {
    var desk = SubscriptionDesk(lease: .seconds(15))
    desk.wish(name, session: first)
    desk.wish(name, session: second)
    if granted {
      _ = desk.vacancies()
      desk.granted(name, to: first, token: 1, now: start)
    }
    return desk
  }

  @Test func `one of those who wish gets the seat, the other waits`() {
    var desk = desk()
    let vacancies = desk.vacancies()
    #expect(vacancies.map(\.session) == [first])
    #expect(desk.vacancies().isEmpty, "it is offered once")
    desk.granted(name, to: first, token: 1, now: start)
    #expect(desk.holder(of: name) == first)
    #expect(desk.vacancies().isEmpty)
  }

  @Test func `when its holder breaks away the next one takes over within the grace`() {
    var desk = desk(granted: true)
    desk.disconnected(first, now: start)
    desk.expire(now: start + .milliseconds(999))
    #expect(desk.vacancies().isEmpty)
    desk.expire(now: start + .seconds(1))
    #expect(desk.vacancies().map(\.session) == [second])
  }

  @Test func `goodbye frees the seat at once`() {
    var desk = desk(granted: true)
    desk.left(first, now: start)
    desk.expire(now: start)
    #expect(desk.vacancies().map(\.session) == [second])
  }

  @Test func `one that gives it up frees the seat at once, and is not in line any more`() {
    var desk = desk(granted: true)
    desk.giveUp(name, session: first)
    #expect(desk.holder(of: name) == nil)
    #expect(desk.vacancies().map(\.session) == [second])
    desk.granted(name, to: second, token: 2, now: start)
    desk.giveUp(name, session: first)
    #expect(desk.holder(of: name) == second, "it is another's by now")
    desk.giveUp(name, session: second)
    #expect(desk.vacancies().isEmpty)
    #expect(desk.nextExpiry == nil)
  }

  @Test func `the holder keeps its seat over a new connection by its token`() {
    var desk = desk(granted: true)
    desk.disconnected(first, now: start)
    let again = SessionID(rawValue: 3)
    #expect(desk.beat([Held(name, token: 1)], from: again, now: start + .milliseconds(200)).isEmpty)
    desk.expire(now: start + .seconds(2))
    #expect(desk.holder(of: name) == again)
  }

  @Test func `a beat with an old token is told that the seat is lost`() {
    var desk = desk(granted: true)
    #expect(desk.beat([Held(name, token: 0)], from: second, now: start) == [name])
  }

  @Test func `who left the line before the store answered gets nothing`() {
    var desk = desk()
    _ = desk.vacancies()
    desk.left(first, now: start)
    desk.granted(name, to: first, token: 1, now: start)
    #expect(desk.holder(of: name) == nil)
    #expect(desk.vacancies().map(\.session) == [second])
  }

  @Test func `a holder that says nothing for the whole lease loses the seat`() {
    var desk = desk(granted: true)
    #expect(desk.nextExpiry == start + .seconds(15))
    desk.expire(now: start + .seconds(15))
    #expect(desk.vacancies().map(\.session) == [second])
  }

  @Test func `nobody gets the seat of a paused subscription, and who waits gets it when it goes on`() {
    var desk = desk(granted: true)
    desk.pause(name)
    #expect(desk.holder(of: name) == nil)
    #expect(desk.vacancies().isEmpty)
    #expect(desk.beat([Held(name, token: 1)], from: first, now: start) == [name], "it is told that it lost it")
    desk.resume(name)
    #expect(desk.vacancies().map(\.session) == [second])
  }

  @Test func `a seat that is paused while it is offered stays empty`() {
    var desk = desk()
    _ = desk.vacancies()
    desk.pause(name)
    desk.granted(name, to: first, token: 1, now: start)
    #expect(desk.holder(of: name) == nil)
    desk.resume(name)
    #expect(desk.vacancies().map(\.session) == [first])
  }

  @Test func `of many seats those are looked at that may be free, and each process is asked for its own`() {
    var desk = SubscriptionDesk(lease: .seconds(15))
    let names = (0..<500).map { SubscriptionName(engine: "search", name: Name(stringLiteral: "s\($0)")) }
    for name in names { desk.wish(name, session: first) }
    #expect(desk.count(of: first, with: []) == 500 && desk.count(of: second, with: [name]) == 1)
    #expect(desk.vacancies().map(\.name) == names.sorted())
    for name in names { desk.granted(name, to: first, token: 1, now: start) }
    #expect(desk.vacancies().isEmpty)
    for name in names.prefix(3) { desk.wish(name, session: second) }
    #expect(desk.beat(names.dropFirst().map { Held($0, token: 1) }, from: first, now: start + .seconds(10)).isEmpty)
    desk.expire(now: start + .seconds(15))
    #expect(desk.nextExpiry == start + .seconds(25))
    #expect(desk.vacancies().map(\.name) == [names[0]], "of those that wait the others still have theirs")
    #expect(desk.count(of: first, with: []) == 499 && desk.count(of: second, with: []) == 3)
    desk.left(first, now: start + .seconds(16))
    desk.expire(now: start + .seconds(16))
    #expect(desk.vacancies().map(\.name) == names[1...2].sorted())
    #expect(desk.count(of: first, with: []) == 0)
    #expect(desk.nextExpiry == nil)
  }
}
