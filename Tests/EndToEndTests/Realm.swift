import Bus
import BusProtocol
import Foundation
import Testing
import ZeroMQ

/// A busd on ports of its own that asks for keys, with the keys of those who may come in.
final class Realm {
  let site: Site
  let endpoint: String
  var intake: String { "tcp://127.0.0.1:\(ports.upperBound)" }
  private let ports: ClosedRange<Int>

  /// The principals and what they may do.
  static let rules = """
      account: { publish: ["user_*"], enqueue: ["search/*"] }
      search: { subscribe: ["user_*"], work: ["search/*"], enqueue: ["search/*"] }
      listener: { subscribe: ["*"] }
      ops: { admin: ["*"], publish: ["*"], subscribe: ["*"], enqueue: ["*"], work: ["*"] }
      keyless: { publish: ["*"] }
    """

  init() throws {
    site = try Site()
    // Below the ports that the system gives to connections.
    let first = 10_000 + Int.random(in: 0..<7000) * 3
    ports = first...first + 2
    endpoint = "tcp://127.0.0.1:\(first)"
  }

  /// Makes the pairs of keys and the topology.
  func prepare(_ principals: [String] = ["account", "search", "listener", "ops"]) async throws {
    try FileManager.default.createDirectory(atPath: path("keys"), withIntermediateDirectories: true)
    for name in ["busd", "keyless", "stranger"] { try await makeKeys(name, in: ".") }
    for name in principals { try await makeKeys(name) }
    try writeTopology()
  }

  func path(_ name: String) -> String { "\(site.directory)/\(name)" }

  func makeKeys(_ name: String, in directory: String = "keys") async throws {
    let made = try await site.bus("keygen", name, "--directory", path(directory))
    try #require(made.code == 0, "\(made.text)")
  }

  func writeTopology(rules: String = Realm.rules, access: String = "") throws {
    let text = """
      version: 1
      bus:
        publish: tcp://127.0.0.1:\(ports.lowerBound)
        subscribe: tcp://127.0.0.1:\(ports.lowerBound + 1)
        intake: tcp://127.0.0.1:\(ports.upperBound)
      engines:
        search: { binary: none }
        billing: { binary: none }
      access:
        keys: keys
        key: busd.key

      """
    let indented = rules.split(separator: "\n").map { "    \($0)" }.joined(separator: "\n")
    _ = try site.write(text + access + "  principals:\n" + indented + "\n", to: "bus.yaml")
  }

  @discardableResult
  func start(_ arguments: [String] = []) async throws -> Program {
    try await site.startBusd(["--topology", path("bus.yaml")] + arguments)
  }

  /// Has busd read keys and rules again, and waits until it has.
  func reload() async throws {
    let busd = try #require(site.busd)
    let before = busd.lines.count { $0.contains("were read again") }
    busd.signal(SIGHUP)
    try await eventually("busd reads its keys again: \(busd.text)") {
      busd.lines.count { $0.contains("were read again") } > before
    }
  }

  func environment(_ name: String, server: String = "busd.pub") -> [String: String] {
    let inKeys = FileManager.default.fileExists(atPath: path("keys/\(name).key"))
    return [
      "BUS_ENDPOINT": endpoint, "BUS_KEY_FILE": path(inKeys ? "keys/\(name).key" : "\(name).key"),
      "BUS_SERVER_KEY": path(server),
    ]
  }

  func configuration(_ name: String, server: String = "busd.pub") throws -> BusConfiguration {
    let environment = site.environment.merging(environment(name, server: server)) { $1 }
    return try BusConfiguration(environment: environment.merging(["BUS_SERVICE": name]) { $1 })
  }

  /// Runs the body with a client that comes with a principal's key.
  func withClient<R>(
    _ name: String, server: String = "busd.pub", _ body: (BusClient) async throws -> R
  ) async throws -> R {
    let client = try BusClient(configuration(name, server: server))
    return try await client.whileRunning { try await body(client) }
  }

  /// The last event on busd's disk.
  func head() async throws -> Int? {
    try await withClient("ops") { client in try await client.ask("status")["head"].flatMap { Int(jsonValue: $0) } }
  }

  /// Why a request is refused; `nil` when it is not.
  func refusal(_ body: () async throws -> Void) async -> String? {
    do { try await body() } catch { return (error as? BusError)?.code ?? "\(error)" }
    return nil
  }
}

/// A client made of nothing but a socket and keys.
final class RawClient {
  private let context: Context
  private let socket: Socket

  init(of realm: Realm, as name: String, kind: SocketKind = .dealer, at endpoint: String? = nil) throws {
    context = try Context()
    let environment = realm.environment(name)
    let keys = try CurveKeys(secretKey: KeyFile.read(.secret, at: environment["BUS_KEY_FILE"] ?? ""))
    var options = SocketOptions.clientRequests
    options.curve = .client(
      serverKey: try KeyFile.read(.public, at: realm.path("busd.pub")), publicKey: keys.publicKey,
      secretKey: keys.secretKey)
    socket = try Socket(kind, in: context, options: options)
    try socket.connect(endpoint ?? realm.endpoint)
  }

  func send(_ frames: String...) throws { _ = try socket.send(Multipart(frames.map { Array($0.utf8) })) }

  func send(_ request: Request) async throws {
    try await eventually("the message is taken") { try self.socket.send(Multipart(request.frames)) == .sent }
  }

  func exchange(_ request: Request) async throws -> Reply {
    try await send(request)
    var reply: Reply?
    try await eventually("busd answers") {
      while let message = try self.socket.receive() {
        let said = try Reply(frames: message.frames)
        // What is pushed answers nothing.
        switch said {
        case .ping, .head, .granted: continue
        default: reply = said
        }
        return true
      }
      return false
    }
    return try #require(reply)
  }

  /// The code of the refusal; nil for any other answer.
  func code(_ request: Request) async throws -> String? { try await refusal(request)?.code }

  /// The refusal; nil for any other answer.
  func refusal(_ request: Request) async throws -> Refusal? {
    guard case .refused(_, let refusal) = try await exchange(request) else { return nil }
    return refusal
  }
}
