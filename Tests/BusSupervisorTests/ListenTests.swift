import BusProtocol
import BusTopology
import Foundation
import Synchronization
import Testing

@testable import BusSupervisor

/// Sockets that are bound once for all processes of a program.
@Suite(.timeLimit(.minutes(1)))
struct ListenTests {
  /// Accepts for ever and answers with its process id; says what it was given.
  static let server = """
    import os, socket, signal, sys
    for name in ["LISTEN_FDS", "LISTEN_FDNAMES", "EINHORN_FD_COUNT", "EINHORN_FD_0"]:
        print(name, os.environ.get(name), flush=True)
    print("own", os.environ["LISTEN_PID"] == str(os.getpid()), flush=True)
    print("up", os.getpid(), flush=True)
    listener = socket.socket(fileno=3)
    stopping = False
    def stop(*_):
        global stopping
        stopping = True
        listener.settimeout(0.001)
    signal.signal(signal.SIGTERM, stop)
    listener.settimeout(0.05)
    while not stopping:
        try: peer, _ = listener.accept()
        except socket.timeout: continue
        peer.settimeout(5)
        peer.sendall(str(os.getpid()).encode())
        peer.close()
    """

  static func web(_ address: String, count: Int = 1) throws -> ProcessDefinition {
    var definition = ProcessDefinition(
      name: "web", executable: "/usr/bin/python3", arguments: ["-c", server], readiness: .line(prefix: "up "))
    definition.count = count
    definition.listen = [try #require(ListenAddress(address))]
    return definition
  }

  /// What a server at the port answers; nil when it is refused.
  private static func ask(_ port: Int) -> String? {
    let client = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    defer { close(client) }
    let isConnected = SocketPlace.withAddress(.inet(host: "127.0.0.1", port: port)) { connect(client, $0, $1) == 0 }
    guard isConnected == true else { return nil }
    var bytes = [UInt8](repeating: 0, count: 64)
    let count = recv(client, &bytes, bytes.count, 0)
    return count > 0 ? String(decoding: bytes[..<count], as: UTF8.self) : nil
  }

  /// Runs what waits for the network on a thread of its own: the tasks' threads are for all tests.
  private static func apart<R: Sendable>(_ work: @escaping @Sendable () -> R) async -> R {
    await withCheckedContinuation { done in Thread.detachNewThread { done.resume(returning: work()) } }
  }

  private final class Flag: Sendable {
    private let state = Mutex(false)
    var isSet: Bool { state.withLock { $0 } }
    func set() { state.withLock { $0 = true } }
  }

  private static func port(_ sockets: ListenSockets) throws -> Int {
    let place = try #require(sockets.sockets(of: "web").first?.place)
    return try #require(place.split(separator: ":").last.flatMap { Int($0) })
  }

  @Test func `EH16 a process finds its sockets as systemd and einhorn hand them over`() async throws {
    let definition = try Self.web("http=127.0.0.1:0")
    let sockets = try ListenSockets(for: [definition], environment: [:])
    let port = try Self.port(sockets)
    #expect(port > 0, "the system chose one")
    let run = Run(
      [definition], environment: ["LISTEN_PID": "1", "LISTEN_FDS": "7", "EINHORN_FD_5": "8"], sockets: sockets)
    _ = try await run.number(after: "up", from: "web.1")
    for line in ["LISTEN_FDS 1", "LISTEN_FDNAMES http", "EINHORN_FD_COUNT 1", "EINHORN_FD_0 3", "own True"] {
      #expect(run.lines.contains(.output(process: "web.1", line)), "\(line)")
    }
    #expect(run.lines.first == .notice(process: "web", .listening("127.0.0.1:\(port)")))
    #expect(await Self.apart { Self.ask(port) } != nil)
    #expect(await run.stop() == .stopped)
    #expect(await Self.apart { Self.ask(port) } == nil, "closed with the last process")
  }

  @Test func `EH16 EH4 no connection is refused while all processes are replaced`() async throws {
    let desk = try ControlTests.Desk()
    let definition = try Self.web("127.0.0.1:0", count: 2)
    let sockets = try ListenSockets(for: [definition], environment: [:])
    let port = try Self.port(sockets)
    let run = Run([definition], control: desk.control, sockets: sockets)
    let old = try await desk.processes { $0 == ["web.1": "ready", "web.2": "ready"] }.compactMap { $0["pid"] }
    let programs = try await desk.ask(.processes).filter { $0["process"] == nil }
    #expect(programs.first?["listen"] == ["127.0.0.1:\(port)"])
    let isOver = Flag()
    async let asked = Self.apart {
      var answers: [String?] = []
      while !isOver.isSet { answers.append(Self.ask(port)) }
      return answers
    }
    let answer = try await desk.ask(.upgrade([], UpgradePlan()))
    #expect(answer.first?["replaced"] == 2)
    let new = try await desk.processes { $0.count == 2 }.compactMap { $0["pid"] }
    #expect(Set(old.map(\.text)).isDisjoint(with: new.map(\.text)))
    isOver.set()
    let answers = await asked
    #expect(answers.count { $0 == nil } == 0, "refused, of \(answers.count)")
    #expect(Set(answers).count >= 3, "old ones and new ones answered: \(Set(answers))")
    #expect(await run.stop() == .stopped)
  }

  @Test func `an address that is taken is refused with who has it`() throws {
    let definition = try Self.web("127.0.0.1:0")
    let sockets = try ListenSockets(for: [definition], environment: [:])
    defer { sockets.close() }
    let place = "127.0.0.1:\(try Self.port(sockets))"
    let error = #expect(throws: SupervisorError.self) {
      _ = try ListenSockets(for: [try Self.web(place)], environment: [:])
    }
    #expect(
      error?.message.hasPrefix("web cannot listen at \(place): address already in use, by pid \(getpid()) (") == true,
      "\(error?.message ?? "")")
    let foreign = #expect(throws: SupervisorError.self) {
      _ = try ListenSockets(for: [try Self.web("192.0.2.1:80")], environment: [:])
    }
    #expect(foreign?.message == "web cannot listen at 192.0.2.1:80: cannot assign requested address")
  }

  @Test func `a socket's file that is left over is replaced, one in use is not, and none is left`() throws {
    let path = "/tmp/bus-listen-\(UInt64.random(in: 0 ... .max)).socket"
    let definition = try Self.web("unix:\(path)")
    let first = try ListenSockets(for: [definition], environment: [:])
    #expect(first.sockets(of: "web").first?.place == "unix:\(path)")
    let error = #expect(throws: SupervisorError.self) {
      _ = try ListenSockets(for: [definition], environment: [:])
    }
    #expect(error?.message == "web cannot listen at unix:\(path): address already in use")
    // As after kill -9.
    let descriptor = try #require(first.sockets(of: "web").first?.descriptor)
    #expect(close(descriptor) == 0)
    #expect(FileManager.default.fileExists(atPath: path))
    let second = try ListenSockets(for: [definition], environment: [:])
    second.close()
    #expect(!FileManager.default.fileExists(atPath: path))
  }

  @Test func `both versions listen at one port`() throws {
    let four = try Self.web("0.0.0.0:0")
    let sockets = try ListenSockets(for: [four], environment: [:])
    defer { sockets.close() }
    let port = try Self.port(sockets)
    let both = try ListenSockets(for: [try Self.web("[::]:\(port)")], environment: [:])
    #expect(both.sockets(of: "web").first?.place == "[::]:\(port)")
    both.close()
  }
}
