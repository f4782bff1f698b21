import BusProtocol
import Foundation
import Testing

@testable import BusSupervisor

/// What one program of a supervisor leaves to the next.
struct HandoverTests {
  static let example: Handover = {
    var handover = Handover(version: "1.2.3", program: "/srv/current/bus", stage: 1)
    handover.crews = [
      Handover.Crew(
        name: "web", configured: 2, wanted: 3, isQuiet: false, generation: 4, nextGeneration: 6, wasUp: true,
        files: [4: "/srv/web"])
    ]
    func member(_ id: Int, _ state: Handover.State, _ child: Handover.Child?, end: ProcessEnd?) -> Handover.Member {
      Handover.Member(
        id: id, crew: "web", slot: id + 1, generation: 4, state: state, changedAge: .seconds(5),
        startedAge: .seconds(6), heardAge: .milliseconds(3), isLeaving: id == 2, isWorn: id == 0, failures: id,
        restarts: 2 * id, lastEnd: end, status: id == 0 ? "ä" : nil, ageLimit: id == 0 ? .seconds(900) : nil,
        memoryLimit: id == 0 ? 1 << 30 : nil, child: child)
    }
    let child = Handover.Child(
      pid: 77, output: 9, service: 10, serviceName: "@0001f", rest: Array("tick ä".utf8.dropLast()))
    handover.members = [
      member(0, .running(age: .seconds(5), isReady: true), child, end: .exited(3)),
      member(1, .waiting(left: .milliseconds(400)), nil, end: .notStarted(reason: "no such file")),
      member(2, .ending(left: .seconds(20)), .init(pid: 78, output: 11, rest: []), end: .signaled(9)),
      member(3, .ending(left: nil), .init(pid: 79, output: 12, rest: []), end: nil),
    ]
    handover.descriptors = .init(control: 3, lock: 4, processGuard: 5, signalRead: 6, signalWrite: 7, asker: 8)
    handover.sockets = [
      .init(program: "web", name: "http", descriptor: 13, address: "127.0.0.1:0", place: "127.0.0.1:4711"),
      .init(program: nil, name: "unknown", descriptor: 14, address: nil, place: "unix:/x", file: 99),
    ]
    handover.lines = [.init(process: "web.1", text: "tick \"1\"")]
    handover.followers = [.init(descriptor: 15, process: nil), .init(descriptor: 16, process: "web.1")]
    return handover
  }()

  private static func definition(_ name: String, count: Int) -> ProcessDefinition {
    var definition = ProcessDefinition(name: name, executable: "/bin/\(name)", readiness: .message)
    definition.count = count
    return definition
  }

  @Test func `EH19 a handover comes back as it was written`() throws {
    #expect(try Handover(Self.example.bytes) == Self.example)
    #expect(Self.example.allDescriptors.sorted() == Array(3...16))
  }

  @Test func `hostile bytes are refused, whatever is cut or flipped`() throws {
    let bytes = Self.example.bytes
    for count in bytes.indices { #expect(throws: SupervisorError.self) { try Handover(Array(bytes[..<count])) } }
    for index in bytes.indices {
      var flipped = bytes
      flipped[index] ^= 1
      // Some are another handover; none ends the process.
      do throws(SupervisorError) { _ = try Handover(flipped) } catch { #expect(error.code == .takeoverFailed) }
    }
  }

  @Test func `EH19 a handover of another format is refused`() throws {
    guard case .object(var object) = try JSONParser.parse(Self.example.bytes) else { return }
    object["format"] = 2
    let error = #expect(throws: SupervisorError.self) { try Handover(JSONValue.object(object).bytes) }
    #expect(
      error?.message
        == "what the running supervisor hands over cannot be read: it has format 2, this program knows 1")
  }

  @Test func `a program that runs and is not configured any more is named`() throws {
    try Self.example.check([Self.definition("web", count: 1)])
    let error = #expect(throws: SupervisorError.self) { try Self.example.check([Self.definition("bulk", count: 1)]) }
    #expect(
      error?.description
        == "processes of web run, which the new program's configuration does not have; end them first: bus scale web=0")
  }

  @Test func `EH19 a pool goes on where another one was`() throws {
    let now = ContinuousClock.now
    var pool = ProcessPool(
      [Self.definition("web", count: 2), Self.definition("new", count: 1)], policy: .standard, seed: 1)
    let actions = pool.resume(Self.example, now: now)
    // Three are wanted, two leave or wait; what is new is started with a number that nobody had.
    #expect(pool.members.filter { $0.crew == 0 }.prefix(4).map(\.id) == [0, 1, 2, 3])
    #expect(actions.contains(.spawn(4)))
    #expect(pool.crews[0].wanted == 3)
    let first = try #require(pool.member(0))
    #expect(first.state == .running(pid: 77, since: now - .seconds(5), isReady: true))
    #expect(first.startedAt == now - .seconds(6))
    #expect(first.limits == Recycling(age: .seconds(900), memory: 1 << 30, spread: first.limits.spread))
    #expect(pool.member(1)?.state == .waiting(until: now + .milliseconds(400)))
    #expect(pool.member(3)?.state == .ending(pid: 79, killAt: nil))
    #expect(pool.nextDeadline == now + .milliseconds(400))

    // What it leaves is what it took, as long as nothing happened.
    var again = Handover(version: "1.2.3", program: "/srv/current/bus")
    let children = Dictionary(
      Self.example.members.compactMap { member in member.child.map { (member.id, $0) } }
    ) { first, _ in first }
    pool.handOver(files: [[4: "/srv/web"], [:]], children: children, now: now, to: &again)
    #expect(again.crews.first == Self.example.crews.first)
    #expect(Array(again.members.prefix(4)) == Self.example.members)
    #expect(again.stage == 1)
    #expect(!pool.isQuiet, "one is being started")
  }

  @Test func `a wish for a number is dropped when the configuration has another one`() {
    var pool = ProcessPool([Self.definition("web", count: 1)], policy: .standard, seed: 1)
    _ = pool.resume(Self.example, now: .now)
    #expect(pool.crews[0].wanted == 1)
  }

  @Test func `EH11 SIGHUP upgrades as often as it comes, or ends all like a closed terminal`() {
    let daemon = FirstSignal(hangup: .upgrade)
    #expect([SIGHUP, SIGHUP, SIGTERM, SIGHUP].map(daemon.wish) == [.upgrade, .upgrade, .gracefully, .upgrade])
    let shell = FirstSignal(hangup: .end)
    #expect([SIGHUP, SIGHUP, SIGTERM].map(shell.wish) == [.gracefully, nil, .atOnce])
  }
}
