internal import BusProtocol
internal import BusStore

/// Who runs each subscription: leases that are given, and told.
extension StoreLoop {
  /// Asks the store for a token for each seat that nobody has and somebody wants.
  func fillSeats() {
    subscriptions.expire(now: thread.now)
    for vacancy in subscriptions.vacancies() {
      add(.lease(subscription: vacancy.name)) { loop, reply in
        guard case .leased(let token, let cursor) = reply else {
          return loop.subscriptions.grantFailed(vacancy.name)
        }
        loop.subscriptions.granted(vacancy.name, to: vacancy.session, token: token, now: loop.thread.now)
        guard loop.subscriptions.holder(of: vacancy.name) == vacancy.session else { return }
        let grant = Grant(subscription: vacancy.name, token: token, cursor: cursor)
        loop.grants[vacancy.session, default: []].append(grant)
      }
    }
  }

  /// Tells each process what it got in this turn.
  func tellGrants() {
    for (session, new) in grants.sorted(by: { $0.key < $1.key }) { send(.granted(new), to: session) }
    grants = [:]
  }
}
