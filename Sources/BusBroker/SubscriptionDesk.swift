internal import BusProtocol

/// Who runs each subscription, and who waits to take over. One runs at a time; the store's token fences it.
struct SubscriptionDesk {
  private struct Seat {
    var holder: SessionID?
    var token: UInt64 = 0
    var deadline: ContinuousClock.Instant?
    var waiting: [SessionID] = []
    var isBeingGranted = false
  }

  private let lease: Duration
  private var seats: [SubscriptionName: Seat] = [:]
  private var paused: Set<SubscriptionName> = []
  /// The seats that each process has or waits for.
  private var places: [SessionID: Set<SubscriptionName>] = [:]
  /// The seats to look at for a vacancy; all that have one are among them.
  private var open: Set<SubscriptionName> = []
  /// When to look again; nil while nothing is held. Never later than the first lease ends.
  private(set) var nextExpiry: ContinuousClock.Instant?
  private var heldCount = 0

  init(lease: Duration) { self.lease = lease }

  /// A process would run it; first come, first served.
  mutating func wish(_ name: SubscriptionName, session: SessionID) {
    var seat = seats[name] ?? Seat()
    // Whoever holds it and asks again has lost its place in it: it is granted anew, under a new token.
    if seat.holder == session { (seat.holder, seat.deadline) = (nil, nil) }
    if !seat.waiting.contains(session) { seat.waiting.append(session) }
    places[session, default: []].insert(name)
    put(seat, name)
  }

  private mutating func put(_ seat: Seat, _ name: SubscriptionName) {
    let before = seats.updateValue(seat, forKey: name)
    if seat.holder == nil && !seat.waiting.isEmpty { open.insert(name) }
    heldCount += (seat.deadline == nil ? 0 : 1) - (before?.deadline == nil ? 0 : 1)
    if let deadline = seat.deadline { nextExpiry = nextExpiry.map { min($0, deadline) } ?? deadline }
    if heldCount == 0 { nextExpiry = nil }
  }

  private mutating func forget(_ name: SubscriptionName, of session: SessionID) {
    places[session]?.remove(name)
    if places[session]?.isEmpty ?? false { places[session] = nil }
  }

  /// A process does not want it any more, before it says goodbye: it may have jobs to finish.
  mutating func giveUp(_ name: SubscriptionName, session: SessionID) {
    guard var seat = seats[name] else { return }
    if seat.holder == session { (seat.holder, seat.deadline) = (nil, nil) }
    seat.waiting.removeAll { $0 == session }
    forget(name, of: session)
    put(seat, name)
  }

  /// The seats that nobody has and somebody wants; each is offered once until ``granted(_:to:token:now:)`` answers.
  mutating func vacancies() -> [(name: SubscriptionName, session: SessionID)] {
    var vacancies: [(name: SubscriptionName, session: SessionID)] = []
    for name in open {
      guard let seat = seats[name], seat.holder == nil, let first = seat.waiting.first else {
        open.remove(name)
        continue
      }
      // It is looked at again: paused once it is resumed, offered once that was answered.
      guard !seat.isBeingGranted, !paused.contains(name) else { continue }
      seats[name]?.isBeingGranted = true
      vacancies.append((name, first))
    }
    return vacancies.sorted { $0.name < $1.name }
  }

  /// The store gave a token: the lease runs from now.
  mutating func granted(
    _ name: SubscriptionName, to session: SessionID, token: UInt64, now: ContinuousClock.Instant
  ) {
    guard var seat = seats[name] else { return }
    seat.isBeingGranted = false
    // Whoever left meanwhile is not in the line any more, and gets nothing.
    // Paused while it was offered: the token is void already.
    if paused.contains(name) { return put(seat, name) }
    if seat.waiting.first == session {
      seat.waiting.removeFirst()
      seat.holder = session
      seat.token = token
      seat.deadline = now + lease
    }
    put(seat, name)
  }

  /// The store did not answer: the seat is offered again.
  mutating func grantFailed(_ name: SubscriptionName) { seats[name]?.isBeingGranted = false }

  /// A process is alive and runs these. Answers with those that it has lost.
  mutating func beat(
    _ held: [Held<SubscriptionName>], from session: SessionID, now: ContinuousClock.Instant
  ) -> [SubscriptionName] {
    var lost: [SubscriptionName] = []
    for subscription in held {
      guard var seat = seats[subscription.id], seat.holder != nil, seat.token == subscription.token else {
        lost.append(subscription.id)
        continue
      }
      // The same process over a new connection keeps its seat: the token is the proof.
      if seat.holder != session {
        if let holder = seat.holder { forget(subscription.id, of: holder) }
        places[session, default: []].insert(subscription.id)
        seat.holder = session
      }
      if !seat.waiting.isEmpty { seat.waiting.removeAll { $0 == session } }
      seat.deadline = now + lease
      put(seat, subscription.id)
    }
    return lost
  }

  /// A connection broke; its process may come back within the grace.
  mutating func disconnected(_ session: SessionID, now: ContinuousClock.Instant) {
    leave(session, at: now + JobDesk.reconnectGrace)
  }

  /// A process said goodbye.
  mutating func left(_ session: SessionID, now: ContinuousClock.Instant) { leave(session, at: now) }

  private mutating func leave(_ session: SessionID, at deadline: ContinuousClock.Instant) {
    for name in places.removeValue(forKey: session) ?? [] {
      guard var seat = seats[name] else { continue }
      seat.waiting.removeAll { $0 == session }
      if seat.holder == session {
        seat.deadline = seat.deadline.map { min($0, deadline) }
        places[session, default: []].insert(name)
      }
      put(seat, name)
    }
  }

  /// Frees the seats whose leases ended.
  mutating func expire(now: ContinuousClock.Instant) {
    guard let nextExpiry, nextExpiry <= now else { return }
    self.nextExpiry = nil
    for (name, seat) in seats {
      guard let deadline = seat.deadline else { continue }
      var seat = seat
      if deadline <= now {
        if let holder = seat.holder, !seat.waiting.contains(holder) { forget(name, of: holder) }
        (seat.holder, seat.deadline) = (nil, nil)
      }
      put(seat, name)
    }
  }

  /// Nobody runs it until it is resumed; who did stands in line again.
  mutating func pause(_ name: SubscriptionName) {
    paused.insert(name)
    if let holder = seats[name]?.holder { wish(name, session: holder) }
  }

  /// It may be run again.
  mutating func resume(_ name: SubscriptionName) { paused.remove(name) }

  /// How many a process runs or waits for, once it also wants these.
  func count(of session: SessionID, with wanted: some Sequence<SubscriptionName>) -> Int {
    count(of: [session], with: wanted)
  }

  /// The same for several together.
  func count(of sessions: Set<SessionID>, with wanted: some Sequence<SubscriptionName>) -> Int {
    sessions.reduce(into: Set(wanted)) { $0.formUnion(places[$1] ?? []) }.count
  }

  /// Who runs it now.
  func holder(of name: SubscriptionName) -> SessionID? { seats[name]?.holder }
}
