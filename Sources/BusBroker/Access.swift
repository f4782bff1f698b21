internal import BusProtocol
internal import BusTopology
internal import Logging
internal import Synchronization
internal import ZeroMQ

/// Who is at the other end and what it may do, as of now: the loops ask here, and nowhere else.
///
/// While no topology has rules it costs one load of an atomic. Every denial is counted, and said in the log once for
/// each principal, right and name.
package final class Access: Sendable {
  /// An endpoint, by the ZAP domain in which its connections are decided on.
  enum Door: String, CaseIterable {
    case requests = "bus"
    case live = "bus.live"
    case intake = "bus.intake"
  }

  private struct State {
    var settings: AccessSettings
    var principals: [SessionID: Name] = [:]
    /// What was said in the log already.
    var said: Set<String> = []
    /// The key that busd tries its own doors with.
    var probe: String?
  }

  /// Who comes with ``State/probe``; no key in a directory can have such a name.
  private static let probe = "~probe"
  /// Denials beyond this many kinds are said again.
  private static let maximumSaid = 10_000

  private let state: Mutex<State>
  private let isGuarded: Atomic<Bool>
  private let own: CurveKeys?
  private let counters: Counters
  private let logger: Logger

  init(_ settings: AccessSettings, isInsecure: Bool, counters: Counters, logger: Logger) {
    state = Mutex(State(settings: settings))
    isGuarded = Atomic(!settings.permissions.isOpen)
    own = isInsecure ? nil : settings.own
    self.counters = counters
    self.logger = logger
  }

  // MARK: Coming in

  /// Whose processes may come over socket files, as of the last reading.
  private var peers: LocalPeers { state.withLock { $0.settings.peers } }

  /// busd's public key, where there are doors that ask for one.
  var publicKey: String? { own?.publicKey }

  /// busd's public key as its file says, whether or not there is a door that asks for one.
  var ownKey: String? { state.withLock { $0.settings.own?.publicKey } }

  /// Refuses to listen beyond this machine where nobody is asked for a key.
  func refuseOpenDoors(of endpoints: BrokerEndpoints) throws(BrokerError) {
    for text in [endpoints.requests, endpoints.live, endpoints.intake] {
      guard let endpoint = Endpoint(text), !endpoint.isOnThisMachine, own == nil else { continue }
      throw BrokerError(
        .configuration, "busd does not open \(text), which reaches beyond this machine, without keys",
        help: "name access.keys and access.key in the topology, without --insecure; or use a loopback address")
    }
  }

  /// Whether who comes to an endpoint has to have a key.
  func isKeyed(_ endpoint: String) -> Bool { own != nil && endpoint.hasPrefix("tcp://") }

  /// The settings of the socket behind a door.
  func options(_ options: SocketOptions, _ door: Door, at endpoint: String) -> SocketOptions {
    var options = options.quiet(at: endpoint)
    if endpoint.hasPrefix("ipc://") { (options.ipcUserIDs, options.ipcGroupIDs) = (peers.users, peers.groups) }
    guard isKeyed(endpoint), let own else { return options }
    options.curve = .server(secretKey: own.secretKey)
    options.zapDomain = door.rawValue
    return options
  }

  /// Decides on a connection: the principal of its key, nil for nobody.
  func admit(_ question: ZapHandler.Question) -> String? {
    guard let key = question.publicKey, let door = Door(rawValue: question.domain) else { return nil }
    return state.withLock { state in
      if key == state.probe { return Access.probe }
      guard let name = state.settings.keys.principals[key] else { return nil }
      // Nobody can be told there what not to hear: the live door is for those who may hear everything.
      guard door != .live || state.settings.permissions.allows(name, .subscribe, "*") else { return nil }
      return name.text
    }
  }

  /// Lets a key of busd's own in as long as the body runs.
  func withProbe<R>(_ key: String, _ body: () async throws -> R) async rethrows -> R {
    state.withLock { $0.probe = key }
    defer { state.withLock { $0.probe = nil } }
    return try await body()
  }

  /// Who sent a frame: what the socket says of it, `local` behind a door without keys; nil for nobody.
  func principal(_ said: String?, isKeyed: Bool) -> Name? {
    guard isKeyed else { return KeyDirectory.local }
    guard let said, let name = try? Name(said, of: "principal") else { return nil }
    return state.withLock { $0.settings.permissions.knows(name) } ? name : nil
  }

  /// Whether a principal may listen at the live endpoint itself.
  func hearsLive(_ principal: Name) -> Bool {
    !isGuarded.load(ordering: .relaxed)
      || state.withLock { $0.settings.permissions.allows(principal, .subscribe, "*") }
  }

  // MARK: Sessions

  /// The principal of a session, and what all its processes may take together; nil where nothing bounds it.
  func limits(of session: SessionID) -> (principal: Name, limits: PrincipalLimits)? {
    guard isGuarded.load(ordering: .relaxed) else { return nil }
    return state.withLock { state in
      guard let principal = state.principals[session], let limits = state.settings.permissions.limits(of: principal)
      else { return nil }
      return (principal, limits)
    }
  }

  /// The same for a principal.
  func limits(of principal: Name) -> PrincipalLimits? {
    guard isGuarded.load(ordering: .relaxed) else { return nil }
    return state.withLock { $0.settings.permissions.limits(of: principal) }
  }

  /// The jobs that a session asks for, with the contexts sealed that come along; as they are where nothing is sealed.
  func sealed(_ request: Request, from session: SessionID) throws(Refusal) -> Request {
    guard isGuarded.load(ordering: .relaxed) else { return request }
    let (sealer, giver) = state.withLock { ($0.settings.sealer, $0.principals[session]) }
    guard let sealer, let giver else { return request }
    do throws(KeyError) { return try ContextSealer(key: sealer, giver: giver).sealed(request) } catch {
      throw Refusal(code: "seal", message: error.message, help: error.help)
    }
  }

  /// Who came as whom.
  func sessions(of principal: Name) -> Set<SessionID> {
    state.withLock { state in Set(state.principals.filter { $0.value == principal }.keys) }
  }

  /// The principal of a session; nil when it has ended.
  func principal(of session: SessionID) -> Name? { state.withLock { $0.principals[session] } }

  /// A session belongs to a principal as long as it lasts.
  func bind(_ session: SessionID, to principal: Name) { state.withLock { $0.principals[session] = principal } }

  func release(_ session: SessionID) { state.withLock { $0.principals[session] = nil } }

  /// Takes keys and rules anew; returns the sessions of those who may something else now.
  func replace(_ settings: AccessSettings) -> [SessionID] {
    state.withLock { state in
      let before = state.settings.permissions
      state.settings = settings
      state.said = []
      isGuarded.store(!settings.permissions.isOpen, ordering: .relaxed)
      return state.principals.filter { !settings.permissions.isSame(for: $0.value, as: before) }.map(\.key).sorted()
    }
  }

  // MARK: Deciding

  /// The rules of a session's principal; nil while everything is allowed.
  func guarding(_ session: SessionID) -> Guarded? {
    guard isGuarded.load(ordering: .relaxed) else { return nil }
    return state.withLock { state in
      state.principals[session].map { state.settings.guarded($0) }
    } ?? Guarded(principal: nil, permissions: .init(AccessDefinition()))
  }

  /// The same for who has no session: a plain publisher.
  func guarding(_ principal: Name) -> Guarded? {
    guard isGuarded.load(ordering: .relaxed) else { return nil }
    return state.withLock { $0.settings.guarded(principal) }
  }

  /// Refuses a request that its session's principal may not make.
  func check(_ request: Request, from session: SessionID) throws(Refusal) {
    guard let guarded = guarding(session) else { return }
    do throws(Denial) { try guarded.check(request) } catch { throw refusal(of: error) }
  }

  /// Counts a denial, says it once, and gives the answer.
  func refusal(of denial: Denial) -> Refusal {
    counters.add(to: .denied)
    let isNews = state.withLock { state in
      if state.said.count >= Access.maximumSaid { state.said = [] }
      return state.said.insert(denial.line).inserted
    }
    if isNews { logger.warning("denied", metadata: ["what": "\(denial.line)", "why": "\(denial.reason)"]) }
    return Refusal(code: "denied", message: "\(denial.line) is denied: \(denial.reason)", help: denial.help)
  }

  /// The answer to a question about rules.
  func answer(_ question: AccessQuestion) -> JSONValue {
    question.answer(state.withLock { $0.settings.permissions })
  }
}
