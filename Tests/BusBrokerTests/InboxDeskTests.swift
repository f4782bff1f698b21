import Testing

@testable import BusBroker

/// Who waits for inboxes, and when they are told.
struct InboxDeskTests {
  private let now = ContinuousClock.now

  private func waiter(_ request: UInt64, _ owner: String = "a", session: UInt64 = 1) -> InboxDesk.Waiter {
    InboxDesk.Waiter(
      session: SessionID(rawValue: session), request: request, owner: owner, after: 0, unreadOnly: false, limit: 9)
  }

  private func add(_ waiters: [InboxDesk.Waiter], to desk: inout InboxDesk) {
    for waiter in waiters {
      let isTaken = desk.add(waiter, now: now)
      #expect(isTaken)
    }
  }

  @Test func `who waits is told when something came, once, and nobody else`() {
    var desk = InboxDesk()
    add([waiter(1), waiter(2), waiter(2), waiter(3, "b")], to: &desk)
    #expect(desk.due([], now: now).map(\.request) == [])
    #expect(desk.due(["a", "c"], now: now).map(\.request) == [1, 2])
    #expect(desk.due(["a"], now: now).map(\.request) == [])
    #expect(desk.due(["b"], now: now).map(\.request) == [3])
  }

  @Test func `who has waited long enough is told all the same, and then nobody is waited for`() {
    var desk = InboxDesk()
    add([waiter(1), waiter(2, "b")], to: &desk)
    #expect(desk.nextLook == now + InboxDesk.patience)
    #expect(desk.due(["a"], now: now).map(\.request) == [1])
    #expect(desk.due([], now: now + InboxDesk.patience).map(\.request) == [2])
    #expect(desk.nextLook == nil)
  }

  @Test func `a session that is gone waits no more`() {
    var desk = InboxDesk()
    add([waiter(1), waiter(2, session: 2)], to: &desk)
    desk.left(SessionID(rawValue: 1))
    #expect(desk.due(["a"], now: now).map(\.request) == [2])
  }

  @Test func `so many wait and no more, and room comes back`() {
    var desk = InboxDesk()
    add((1...UInt64(InboxDesk.limit)).map { waiter($0) }, to: &desk)
    #expect(desk.add(waiter(0), now: now) == false)
    #expect(desk.due(["a"], now: now).count == InboxDesk.limit)
    #expect(desk.add(waiter(0), now: now) == true)
  }
}
