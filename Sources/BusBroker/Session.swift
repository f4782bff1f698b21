internal import BusProtocol

/// A connection that said hello; given anew to each, never reused while busd runs.
struct SessionID: Hashable, Sendable, Comparable {
  let rawValue: UInt64

  static func < (left: SessionID, right: SessionID) -> Bool { left.rawValue < right.rawValue }
}

/// Who is connected, by the routing id that the request socket gave.
///
/// A second hello on one connection is the same session: a client asks again when an answer was lost.
struct Sessions {
  struct Session {
    let id: SessionID
    let route: [UInt8]
    /// Who it is, by its key, for as long as it lasts.
    let principal: Name
    var hello: Hello
  }

  private var byRoute: [[UInt8]: Session] = [:]
  private var routes: [SessionID: [UInt8]] = [:]
  private var last: UInt64 = 0

  var count: Int { byRoute.count }

  /// How many a principal has.
  func count(of principal: Name) -> Int { byRoute.values.count { $0.principal == principal } }

  var all: [Session] { byRoute.values.sorted { $0.id < $1.id } }

  /// The session of a connection; nil also where it is another principal's.
  func session(route: [UInt8], of principal: Name) -> Session? {
    byRoute[route].flatMap { $0.principal == principal ? $0 : nil }
  }

  func route(of id: SessionID) -> [UInt8]? { routes[id] }

  /// Notes who is at the other end; the session is new unless the route had one.
  mutating func open(route: [UInt8], hello: Hello, principal: Name) -> (session: Session, isNew: Bool) {
    if var known = byRoute[route], known.principal == principal {
      known.hello = hello
      byRoute[route] = known
      return (known, false)
    }
    last += 1
    let session = Session(id: SessionID(rawValue: last), route: route, principal: principal, hello: hello)
    if let other = byRoute.updateValue(session, forKey: route) { routes[other.id] = nil }
    routes[session.id] = route
    return (session, true)
  }

  /// Forgets a session; nil when it was not there any more.
  mutating func close(_ id: SessionID) -> Session? {
    guard let route = routes.removeValue(forKey: id) else { return nil }
    return byRoute.removeValue(forKey: route)
  }
}
